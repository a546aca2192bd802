"use client";

import { useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { type FormEvent, useState, useSyncExternalStore } from "react";

import { messageOf } from "@/lib/problem";
import { t } from "@/lib/text";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Failed, Loading } from "@/ui/states";
import { acceptLink, lookAtLink } from "./api";

// What follows the # of a URL is never sent to a server, so it is in no log.
const tokenNow = () => window.location.hash.slice(1);

function subscribe(listener: () => void): () => void {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
}

/** What a one-time link is for: a new account, or a new password. */
export function JoinForm() {
  const router = useRouter();
  const token = useSyncExternalStore(subscribe, tokenNow, () => "");
  const link = useQuery({ queryKey: ["link", token], queryFn: () => lookAtLink(token), enabled: token !== "", retry: false });
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  if (link.isError) return <Failed error={link.error} />;
  if (!link.data) return token ? <Loading label={t`Looking at the link`} /> : <p className="text-sm text-muted">{t`This page needs the whole link: open it as it was sent to you.`}</p>;
  const { username } = link.data;
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const password = String(form.get("password"));
    if (password !== String(form.get("again"))) {
      setError(t`The two passwords differ.`);
      return;
    }
    setBusy(true);
    setError(null);
    try {
      await acceptLink(token, username ?? String(form.get("username")).trim(), password, username === null);
      router.replace("/");
    } catch (caught) {
      setError(messageOf(caught));
      setBusy(false);
    }
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <p className="text-sm text-muted">{username === null ? t`You are invited. Choose a name and a password.` : t`Choose a new password for ${username}.`}</p>
      {username === null && <Field label={t`Username`} name="username" required maxLength={64} autoFocus autoComplete="username" hint={t`Letters, digits, dots, hyphens and underscores`} />}
      <Field label={t`Password`} name="password" type="password" required minLength={12} maxLength={128} autoComplete="new-password" hint={t`At least 12 characters`} />
      <Field label={t`Password again`} name="again" type="password" required autoComplete="new-password" />
      {error && (
        <p role="alert" className="text-sm text-bad">
          {error}
        </p>
      )}
      <Button type="submit" look="primary" disabled={isBusy} className="h-10">
        {username === null ? t`Create account` : t`Set password`}
      </Button>
    </form>
  );
}
