/** Parsed Markdown as elements; links between pages stay in the console. */
import { Content, Title } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { Link } from '@tanstack/react-router';
import { Fragment, type ReactNode } from 'react';
import { anchorOf, plainText, type Block, type Inline } from './markdown.ts';
import { hasPage, pictureAddress } from './pages.ts';
import { followLink } from './places.ts';

const levels = ['h1', 'h2', 'h3', 'h4', 'h5', 'h6'] as const;

export function Blocks({
  page,
  blocks,
}: {
  /** Where they stand, for links that begin there. */
  readonly page: string;
  readonly blocks: readonly Block[];
}): ReactNode {
  return blocks.map((block, index) => <OneBlock key={index} page={page} block={block} />);
}

function OneBlock({ page, block }: { readonly page: string; readonly block: Block }): ReactNode {
  switch (block.kind) {
    case 'heading':
      return (
        <Title headingLevel={levels[block.level - 1] ?? 'h6'} id={anchorOf(block.parts)}>
          <Inlines page={page} parts={block.parts} />
        </Title>
      );
    case 'paragraph':
      return (
        <Content component="p">
          <Inlines page={page} parts={block.parts} />
        </Content>
      );
    case 'code':
      // What is wider than the page is scrolled to, by keyboard too.
      return (
        <pre tabIndex={0}>
          <code>{block.text}</code>
        </pre>
      );
    case 'list': {
      const items = block.items.map((item, index) => (
        <li key={index}>
          <Blocks page={page} blocks={item} />
        </li>
      ));
      return <Content component={block.ordered ? 'ol' : 'ul'}>{items}</Content>;
    }
    case 'table':
      return (
        <Table
          variant="compact"
          gridBreakPoint="grid-lg"
          aria-label={block.head.map(plainText).join(', ')}
        >
          <Thead>
            <Tr>
              {block.head.map((cell, index) => (
                <Th key={index} modifier="wrap">
                  <Inlines page={page} parts={cell} />
                </Th>
              ))}
            </Tr>
          </Thead>
          <Tbody>
            {block.rows.map((row, index) => (
              <Tr key={index}>
                {row.map((cell, column) => (
                  <Td
                    key={column}
                    dataLabel={plainText(block.head[column] ?? [])}
                    modifier="breakWord"
                  >
                    <Inlines page={page} parts={cell} />
                  </Td>
                ))}
              </Tr>
            ))}
          </Tbody>
        </Table>
      );
  }
}

function Inlines({
  page,
  parts,
}: {
  readonly page: string;
  readonly parts: readonly Inline[];
}): ReactNode {
  return parts.map((part, index) => (
    <Fragment key={index}>
      <OneInline page={page} part={part} />
    </Fragment>
  ));
}

function OneInline({ page, part }: { readonly page: string; readonly part: Inline }): ReactNode {
  switch (part.kind) {
    case 'text':
      return part.text;
    case 'code':
      return <code>{part.text}</code>;
    case 'strong':
      return (
        <strong>
          <Inlines page={page} parts={part.parts} />
        </strong>
      );
    case 'emphasis':
      return (
        <em>
          <Inlines page={page} parts={part.parts} />
        </em>
      );
    case 'link': {
      const shown = <Inlines page={page} parts={part.parts} />;
      const place = followLink(page, part.to);
      if (place === undefined)
        return (
          <a href={part.to} rel="noreferrer">
            {shown}
          </a>
        );
      // What is in the source tree alone is named and leads nowhere.
      if (!hasPage(place.page)) return shown;
      return (
        <Link
          to="/docs/$"
          params={{ _splat: place.page }}
          {...(place.anchor === '' ? {} : { hash: place.anchor })}
        >
          {shown}
        </Link>
      );
    }
    case 'picture': {
      const place = followLink(page, part.from);
      const address = place && pictureAddress(place.page);
      return address === undefined ? part.text : <img src={address} alt={part.text} />;
    }
  }
}
