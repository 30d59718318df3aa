/** The bar at the top: the name, the way to the palette, and a menu of the person with appearance, language and the way out. */
import {
  Button,
  Dropdown,
  DropdownGroup,
  DropdownItem,
  DropdownList,
  Masthead,
  MastheadBrand,
  MastheadContent,
  MastheadMain,
  MastheadToggle,
  MenuToggle,
  PageToggleButton,
} from '@patternfly/react-core';
import { SearchIcon } from '@patternfly/react-icons/dist/esm/icons/search-icon';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useConsole, usePreference, useSession, useWords } from '../console.ts';
import { languages } from '../i18n/words.ts';
import { themes } from './preferences.ts';

export function Header({ onPalette }: { readonly onPalette: () => void }): ReactNode {
  const words = useWords();
  return (
    <Masthead>
      <MastheadMain>
        <MastheadToggle>
          <PageToggleButton isHamburgerButton aria-label={words.text('navigation')} />
        </MastheadToggle>
        <MastheadBrand>
          <Link to="/status" className="brand">
            Gantry
          </Link>
        </MastheadBrand>
      </MastheadMain>
      <MastheadContent className="person">
        <Button
          variant="control"
          className="palette-button"
          icon={<SearchIcon />}
          onClick={onPalette}
          aria-keyshortcuts="Control+K Meta+K"
        >
          <span className="palette-word">{words.text('palette')}</span>
          <kbd aria-hidden>Ctrl K</kbd>
        </Button>
        <PersonMenu />
      </MastheadContent>
    </Masthead>
  );
}

function PersonMenu(): ReactNode {
  const { session, preferences, notices } = useConsole();
  const words = useWords();
  const state = useSession();
  const preference = usePreference();
  const [open, setOpen] = useState(false);
  if (state.kind !== 'in') return null;
  const { user } = state.session;
  return (
    <Dropdown
      isOpen={open}
      onOpenChange={setOpen}
      popperProps={{ position: 'right' }}
      toggle={(ref) => (
        <MenuToggle
          ref={ref}
          variant="plainText"
          isExpanded={open}
          onClick={() => setOpen(!open)}
          aria-label={words.text('signedInAs', { name: user })}
        >
          {user}
        </MenuToggle>
      )}
    >
      <DropdownGroup label={words.text('theme')}>
        <DropdownList>
          {themes.map((theme) => (
            <DropdownItem
              key={theme}
              isSelected={preference.theme === theme}
              onClick={() => preferences.change({ theme })}
            >
              {words.text(theme)}
            </DropdownItem>
          ))}
        </DropdownList>
      </DropdownGroup>
      <DropdownGroup label={words.text('language')}>
        <DropdownList>
          {languages.map(({ code, name }) => (
            <DropdownItem
              key={code}
              lang={code}
              isSelected={preference.language === code}
              onClick={() => preferences.change({ language: code })}
            >
              {name}
            </DropdownItem>
          ))}
        </DropdownList>
      </DropdownGroup>
      <DropdownList>
        <DropdownItem
          onClick={() =>
            void session
              .signOut()
              .catch((error: unknown) => notices.fail(words.text('signOut'), error))
          }
        >
          {words.text('signOut')}
        </DropdownItem>
      </DropdownList>
    </Dropdown>
  );
}
