import { LANGUAGE, LANGUAGE_KEY } from "./text";

const BASE = "/locales/";

/** Languages by their tags (RFC 5646), in their own words. */
export async function languages(): Promise<Record<string, string>> {
  return (await fetch(`${BASE}index.json`)).json() as Promise<Record<string, string>>;
}

/** Keep a language for the next page; English needs no texts. */
async function keep(language: string): Promise<void> {
  if (language === "en") return localStorage.removeItem(LANGUAGE_KEY);
  const answer = await fetch(`${BASE}${language}.json`);
  if (answer.ok) localStorage.setItem(LANGUAGE_KEY, JSON.stringify({ language, texts: await answer.json() }));
}

/** Show everything in another language: the page loads again. */
export async function choose(language: string): Promise<void> {
  await keep(language);
  location.reload();
}

/** After an update of Stowage there may be new texts; the next page has them. */
export async function follow(): Promise<void> {
  document.documentElement.lang = LANGUAGE;
  await keep(LANGUAGE);
}
