/** Where menus hang: inside the page's landmark, where those who cannot see them find them. */
export function mainPart(): HTMLElement {
  return document.querySelector('main') ?? document.body;
}
