/** What may be done with an image. */
import { DropdownItem } from '@patternfly/react-core';
import { useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import type { Image } from '#api';
import { useRights } from '../access/use-rights.ts';
import { useWords } from '../console.ts';
import { thingHelp } from '../manual/help.ts';
import { JudgedItem } from '../parts/JudgedItem.tsx';
import { ThingMenu } from '../parts/ThingMenu.tsx';
import { DeleteImage } from './DeleteImage.tsx';

export function ImageMenu({ image }: { readonly image: Image }): ReactNode {
  const words = useWords();
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const { whyNot } = useRights({ image: image.id }, { enabled: open });
  const [isDeleting, setDeleting] = useState(false);
  return (
    <>
      <ThingMenu
        name={image.name}
        look="row"
        onOpen={setOpen}
        help={thingHelp.image}
        attributes={{ kind: 'image', id: image.id }}
      >
        <DropdownItem
          onClick={() => void navigate({ to: '/images/$image', params: { image: image.id } })}
        >
          {words.text('properties')}
        </DropdownItem>
        <JudgedItem isDanger whyNot={whyNot('image.delete')} onClick={() => setDeleting(true)}>
          {words.text('delete')}
        </JudgedItem>
      </ThingMenu>
      {isDeleting && <DeleteImage image={image} onClose={() => setDeleting(false)} />}
    </>
  );
}
