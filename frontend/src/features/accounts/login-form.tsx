"use client";

import { useRouter } from "next/navigation";
import { type FormEvent, useState } from "react";

import { messageOf } from "@/lib/problem";
import { t } from "@/lib/text";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { signIn } from "./api";

/** Only paths of our own: a link must not send people elsewhere after signing in. */
function nextPath(): string {
  const wanted = new URLSearchParams(window.location.search).get("next") ?? "/";
  return /^\/(?![/\\])/.test(wanted) ? wanted : "/";
}

export function LoginForm() {
  const router = useRouter();
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setError(null);
    try {
      await signIn(String(form.get("username")), String(form.get("password")));
      router.replace(nextPath());
    } catch (caught) {
      setError(messageOf(caught));
      setBusy(false);
    }
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <Field label={t`Name`} name="username" autoComplete="username" autoFocus required />
      <Field label={t`Password`} name="password" type="password" autoComplete="current-password" required />
      {error && (
        <p role="alert" className="text-sm text-bad">
          {error}
        </p>
      )}
      <Button type="submit" look="primary" disabled={isBusy} className="h-10">
        {isBusy ? t`Signing in…` : t`Sign in`}
      </Button>
    </form>
  );
}
