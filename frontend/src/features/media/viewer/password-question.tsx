import { Lock } from "lucide-react";
import type { FormEvent } from "react";

import { messageOf, Problem } from "@/lib/problem";
import { t } from "@/lib/text";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";

export const asksForPassword = (error: unknown) => error instanceof Problem && (error.code === "archive.locked" || error.code === "archive.encrypted");

/** What is encrypted, and a field for what opens it. It stays in this page and goes with it. */
export function PasswordQuestion({ error, onPassword }: { error: unknown; onPassword: (password: string) => void }) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const password = String(new FormData(event.currentTarget).get("password"));
    if (password) onPassword(password);
  };
  return (
    <form onSubmit={submit} className="mx-auto flex w-full max-w-sm flex-col gap-3 p-12 text-center" data-testid="password-question">
      <Lock className="mx-auto size-8 text-muted" aria-hidden />
      <p className="text-sm">{messageOf(error)}</p>
      <Field label={t`Password of the archive`} name="password" type="password" required autoFocus autoComplete="off" maxLength={500} className="text-left" />
      <Button type="submit" look="primary">
        {t`Open`}
      </Button>
    </form>
  );
}
