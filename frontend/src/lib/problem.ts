import { t } from "@/lib/text";

/** An error of the API (RFC 9457), with its stable code and a text for people. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
  ) {
    super(detail);
    this.name = "Problem";
  }

  static from(status: number, body: unknown): Problem {
    const found = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
    const code = typeof found["code"] === "string" ? found["code"] : "network";
    const detail = typeof found["detail"] === "string" ? found["detail"] : t`Stowage can't be reached. Try again in a moment.`;
    return new Problem(status, code, detail);
  }
}

/** What to show a person for any error. */
export function messageOf(error: unknown): string {
  return error instanceof Problem ? error.message : t`Something went wrong. Try again in a moment.`;
}
