/**
 * What people read, in their language. The English text stands in the code and is the key of its translation; all of them are
 * gathered in public/locales/en.json. A chosen language lies in the browser (`lib/language`), so it is there before the first line of
 * code that needs it.
 */
export const LANGUAGE_KEY = "stowage.language";

export type Chosen = { language: string; texts: Record<string, string> };

function chosen(): Chosen {
  try {
    const kept = typeof localStorage === "undefined" ? null : (JSON.parse(localStorage.getItem(LANGUAGE_KEY) ?? "null") as Chosen | null);
    if (kept) return kept;
  } catch {
    // A browser that keeps nothing, or something else: English.
  }
  return { language: "en", texts: {} };
}

const { language, texts } = chosen();

/** For dates and numbers. */
export const LANGUAGE = language;

type Value = string | number | null | undefined | false;

/** t`Move ${name}`, whose key is "Move {0}". As in JSX nothing is shown for null, undefined and false. */
export function t(parts: TemplateStringsArray, ...values: Value[]): string {
  const english = parts.reduce((text, part, index) => `${text}{${index - 1}}${part}`);
  return (texts[english] ?? english).replace(/\{(\d)\}/g, (whole, index: string) => (Number(index) < values.length ? shown(values[Number(index)]) : whole));
}

const shown = (value: Value) => (value === null || value === undefined || value === false ? "" : String(value));
