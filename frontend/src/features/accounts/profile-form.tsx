"use client";

import type { FormEvent } from "react";
import { toast } from "@/lib/toast";

import { setToken } from "@/lib/api/session";
import { messageOf } from "@/lib/problem";
import { t } from "@/lib/text";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Section } from "@/ui/section";
import { Loading } from "@/ui/states";
import { useChangePassword, useChangeProfile, useMe } from "./api";

function PasswordForm() {
  const change = useChangePassword();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    change.mutate(
      { current_password: String(form.get("current")), new_password: String(form.get("new")) },
      {
        onSuccess: () => {
          toast.success(t`Password changed: sign in with the new one`);
          setToken(null);
        },
        onError: (error) => toast.error(messageOf(error)),
      },
    );
  };
  return (
    <Section title={t`Password`} about={t`Changing it signs you out everywhere, here too.`}>
      <form onSubmit={submit} className="grid items-end gap-4 sm:grid-cols-3">
        <Field label={t`Current password`} name="current" type="password" required autoComplete="current-password" />
        <Field label={t`New password`} name="new" type="password" required minLength={12} maxLength={128} autoComplete="new-password" />
        <Button type="submit" disabled={change.isPending}>
          {t`Change password`}
        </Button>
      </form>
    </Section>
  );
}

export function ProfileForm() {
  const me = useMe().data;
  const change = useChangeProfile();
  if (!me) return <Loading />;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const email = String(form.get("email")).trim();
    change.mutate(
      { full_name: String(form.get("full_name")).trim(), email: email || null },
      { onSuccess: () => toast.success(t`Saved`), onError: (error) => toast.error(messageOf(error)) },
    );
  };
  return (
    <>
      <Section title={me.username} about={me.role === "admin" ? t`Administrator` : t`Member`}>
        <form onSubmit={submit} className="grid items-end gap-4 sm:grid-cols-3">
          <Field label={t`Full name`} name="full_name" defaultValue={me.full_name} maxLength={200} autoComplete="name" />
          <Field label={t`E-mail`} name="email" type="email" defaultValue={me.email ?? ""} autoComplete="email" />
          <Button type="submit" disabled={change.isPending}>
            {t`Save`}
          </Button>
        </form>
      </Section>
      <PasswordForm />
    </>
  );
}
