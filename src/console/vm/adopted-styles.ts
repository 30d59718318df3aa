/**
 * The terminal writes style elements, which the policy of the page does not allow (no text of a page is a
 * style). It gets a document that gives it an inert element instead, and what it writes into that is taken
 * over as a constructed style sheet (CSSOM, 6.1), which only scripts of this origin can make.
 */
export interface AdoptedStyles extends Disposable {
  readonly document: Document;
}

export function adoptStyles(): AdoptedStyles {
  const mine = new Set<CSSStyleSheet>();
  const observers: MutationObserver[] = [];
  const createStyle = (): HTMLElement => {
    const element = document.createElement('div');
    element.hidden = true;
    const sheet = new CSSStyleSheet();
    mine.add(sheet);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    const observer = new MutationObserver(() => sheet.replaceSync(element.textContent));
    observer.observe(element, { childList: true, characterData: true, subtree: true });
    observers.push(observer);
    return element;
  };
  const instead = new Proxy(document, {
    get(target, key) {
      if (key === 'createElement')
        return (name: string) => (name === 'style' ? createStyle() : target.createElement(name));
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  return {
    document: instead,
    [Symbol.dispose]() {
      for (const observer of observers) observer.disconnect();
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => !mine.has(sheet));
    },
  };
}
