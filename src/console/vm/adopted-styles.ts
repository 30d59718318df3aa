/**
 * The terminal writes style elements, which the policy of the page does not allow (no text of a page is a
 * style). While it is opened, the document gives it an inert element instead, and what it writes into that
 * then and later is taken over as a constructed style sheet (CSSOM 6.1), which only scripts of this origin
 * can make.
 */
export function openWithAdoptedStyles(open: () => void): Disposable {
  const sheets = new Set<CSSStyleSheet>();
  const observers: MutationObserver[] = [];
  const createStyle = (): HTMLElement => {
    const element = Document.prototype.createElement.call(document, 'div');
    element.hidden = true;
    const sheet = new CSSStyleSheet();
    sheets.add(sheet);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    const observer = new MutationObserver(() => sheet.replaceSync(element.textContent));
    observer.observe(element, { childList: true, characterData: true, subtree: true });
    observers.push(observer);
    return element;
  };
  const createElement = (name: string, options?: ElementCreationOptions): HTMLElement =>
    name === 'style'
      ? createStyle()
      : Document.prototype.createElement.call(document, name, options);
  Object.defineProperty(document, 'createElement', { value: createElement, configurable: true });
  try {
    open();
  } finally {
    // What the prototype has is seen again.
    Reflect.deleteProperty(document, 'createElement');
  }
  return {
    [Symbol.dispose]() {
      for (const observer of observers) observer.disconnect();
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter(
        (sheet) => !sheets.has(sheet),
      );
    },
  };
}
