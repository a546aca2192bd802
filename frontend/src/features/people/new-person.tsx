"use client";

import { type FormEvent, useState } from "react";
import { toast } from "@/lib/toast";

import { messageOf } from "@/lib/problem";
import { t } from "@/lib/text";
import { Button } from "@/ui/button";
import { Choice, Field } from "@/ui/field";
import { Section } from "@/ui/section";
import { useCreatePerson } from "./api";

export function NewPerson({ onDone }: { onDone: () => void }) {
  const create = useCreatePerson();
  const [error, setError] = useState<string | null>(null);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name)).trim();
    create.mutate(
      { username: text("username"), password: String(form.get("password")), full_name: text("full_name"), email: text("email") || null, role: text("role") as "admin" | "member" },
      {
        onSuccess: (person) => {
          toast.success(t`${person.username} can sign in now`);
          onDone();
        },
        onError: (caught) => setError(messageOf(caught)),
      },
    );
  };
  return (
    <Section title={t`New account`}>
      <form onSubmit={submit} className="grid gap-4 sm:grid-cols-2">
        <Field label={t`Username`} name="username" required maxLength={64} autoFocus autoComplete="off" />
        <Field label={t`Password`} name="password" type="password" required minLength={12} maxLength={128} autoComplete="new-password" hint={t`At least 12 characters`} />
        <Field label={t`Full name`} name="full_name" maxLength={200} autoComplete="off" />
        <Field label={t`E-mail`} name="email" type="email" autoComplete="off" />
        <Choice label={t`Role`} name="role" defaultValue="member">
          <option value="member">{t`Member`}</option>
          <option value="admin">{t`Administrator`}</option>
        </Choice>
        <div className="flex justify-end gap-2">
          <Button look="quiet" onClick={onDone}>
            {t`Cancel`}
          </Button>
          <Button type="submit" look="primary" disabled={create.isPending}>
            {t`Create`}
          </Button>
        </div>
        {error && (
          <p role="alert" className="text-sm text-bad sm:col-span-2">
            {error}
          </p>
        )}
      </form>
    </Section>
  );
}
