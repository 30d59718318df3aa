/**
 * PatternFly's styles come with every theme it has. The console wears the light and the dark one (preferences.ts):
 * rules for the others can never apply, and are left out of what the first page loads.
 */
const unworn = /\.pf-v6-theme-(?:felt|glass|high-contrast)/;
const negations = /:not\([^()]*\)/g;

/** Of a rule, as postcss tells it. */
interface Rule {
  selectors: string[];
  remove(): unknown;
}

/** The selectors that apply in a theme which the console wears. */
export function findWorn(selectors: readonly string[]): string[] {
  return selectors.filter((selector) => !unworn.test(selector.replaceAll(negations, '')));
}

/** A part of postcss that leaves the rules of other themes out. */
export const wornThemes = {
  postcssPlugin: 'worn-themes',
  Rule: (rule: Rule): void => {
    const worn = findWorn(rule.selectors);
    if (worn.length === 0) rule.remove();
    else if (worn.length < rule.selectors.length) rule.selectors = worn;
  },
};
