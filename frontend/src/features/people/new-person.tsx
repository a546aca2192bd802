"use client";

import { type FormEvent, useState } from "react";
import { toast } from "sonner";

import { messageOf } from "@/lib/problem";
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
          toast.success(`${person.username} can sign in now`);
          onDone();
        },
        onError: (caught) => setError(messageOf(caught)),
      },
    );
  };
  return (
    <Section title="New account">
      <form onSubmit={submit} className="grid gap-4 sm:grid-cols-2">
        <Field label="Username" name="username" required maxLength={64} autoFocus autoComplete="off" />
        <Field label="Password" name="password" type="password" required minLength={12} maxLength={128} autoComplete="new-password" hint="At least 12 characters" />
        <Field label="Full name" name="full_name" maxLength={200} autoComplete="off" />
        <Field label="E-mail" name="email" type="email" autoComplete="off" />
        <Choice label="Role" name="role" defaultValue="member">
          <option value="member">Member</option>
          <option value="admin">Administrator</option>
        </Choice>
        <div className="flex justify-end gap-2">
          <Button look="quiet" onClick={onDone}>
            Cancel
          </Button>
          <Button type="submit" look="primary" disabled={create.isPending}>
            Create
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
