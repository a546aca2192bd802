"use client";

import { type FormEvent, useState } from "react";
import { toast } from "@/lib/toast";

import type { Schemas } from "@/lib/api/client";
import { formatAgo } from "@/lib/format";
import { messageOf } from "@/lib/problem";
import { LANGUAGE, t } from "@/lib/text";
import { Button } from "@/ui/button";
import { Choice, Field } from "@/ui/field";
import { Once } from "@/ui/once";
import { Section } from "@/ui/section";
import { ROW, Table } from "@/ui/table";
import { useCreateKey, useKeys, useMe, useRemoveKey } from "./api";

/** In the form that AWS tools read from the environment, or the token alone. */
const secretOf = (key: Schemas["NewKey"]) =>
  key.token ?? `AWS_ACCESS_KEY_ID=${key.access_key_id}\nAWS_SECRET_ACCESS_KEY=${key.secret_access_key}`;

type Scope = "read" | "write" | "admin";
const SCOPES: Record<string, { label: string; scopes: Scope[] }> = {
  read: { label: t`May look and download`, scopes: ["read"] },
  write: { label: t`May also upload and change`, scopes: ["read", "write"] },
  admin: { label: t`May also administer`, scopes: ["read", "write", "admin"] },
};
const KINDS: Record<string, { label: string; about: string }> = {
  token: { label: t`API token`, about: t`This is the token. It is shown only now.` },
  s3: { label: t`S3 key`, about: t`These are the key's id and secret. The secret is shown only now.` },
};
const AGES: Record<string, number | null> = { [t`30 days`]: 30, [t`90 days`]: 90, [t`1 year`]: 365, [t`no end`]: null };

/** Personal API tokens and S3 keys. `projects` are those one may be bound to. */
export function Tokens({ projects }: { projects: { id: string; name: string }[] }) {
  const keys = useKeys();
  const create = useCreateKey();
  const remove = useRemoveKey();
  const isAdmin = useMe().data?.role === "admin";
  const [made, setMade] = useState<Schemas["NewKey"] | null>(null);
  const nameOf = (id: string | null) => (id === null ? t`all projects` : (projects.find((project) => project.id === id)?.name ?? t`one project`));
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const target = event.currentTarget;
    const form = new FormData(target);
    create.mutate(
      {
        name: String(form.get("name")).trim(),
        kind: form.get("kind") === "s3" ? "s3" : "token",
        scopes: SCOPES[String(form.get("scope"))]?.scopes ?? ["read"],
        project_id: String(form.get("project")) || null,
        expires_in_days: AGES[String(form.get("age"))] ?? null,
      },
      {
        onSuccess: (key) => {
          setMade(key);
          target.reset();
        },
        onError: (error) => toast.error(messageOf(error)),
      },
    );
  };
  return (
    <Section title={t`API tokens and S3 keys`} about={t`For programs that work in your name. A token is sent as Authorization: Bearer; an S3 key signs requests as AWS clients do.`}>
      {made && <Once secret={secretOf(made)} about={KINDS[made.kind]?.about ?? ""} onDone={() => setMade(null)} />}
      {!!keys.data?.items.length && (
        <Table headings={[t`Name`, t`Kind`, t`May`, t`In`, t`Last used`, t`Ends`, `-${t`Remove`}`]} testId="tokens">
          {keys.data.items.map((key) => (
            <tr key={key.id} className={ROW}>
              <td className="px-4 py-2.5">
                {key.name} <code className="text-xs text-muted">{key.kind === "s3" ? key.hint : `${key.hint}…`}</code>
              </td>
              <td className="px-4 text-muted">{KINDS[key.kind]?.label}</td>
              <td className="px-4 text-muted">{key.scopes.join(", ")}</td>
              <td className="px-4 text-muted">{nameOf(key.project_id)}</td>
              <td className="px-4 text-muted">{key.last_used_at ? formatAgo(key.last_used_at) : t`never`}</td>
              <td className="px-4 text-muted">{key.expires_at ? new Date(key.expires_at).toLocaleDateString(LANGUAGE, { dateStyle: "medium" }) : t`never`}</td>
              <td className="px-2 text-right">
                <Button look="quiet" onClick={() => remove.mutate(key.id, { onError: (error) => toast.error(messageOf(error)) })}>
                  {t`Remove`}
                </Button>
              </td>
            </tr>
          ))}
        </Table>
      )}
      <form onSubmit={submit} className="flex flex-wrap items-end gap-3">
        <Field label={t`What it is for`} name="name" required maxLength={100} className="min-w-48 flex-1" />
        <Choice label={t`Kind`} name="kind" defaultValue="token">
          {Object.entries(KINDS).map(([value, { label }]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </Choice>
        <Choice label={t`What it may do`} name="scope" defaultValue="write">
          {Object.entries(SCOPES).map(([value, { label }]) => (value !== "admin" || isAdmin) && <option key={value} value={value}>{label}</option>)}
        </Choice>
        <Choice label={t`Where`} name="project" defaultValue="" className="max-w-48">
          <option value="">{t`In all my projects`}</option>
          {projects.map((project) => (
            <option key={project.id} value={project.id}>
              {t`Only in ${project.name}`}
            </option>
          ))}
        </Choice>
        <Choice label={t`How long it lives`} name="age" defaultValue={t`90 days`}>
          {Object.keys(AGES).map((age) => (
            <option key={age}>{age}</option>
          ))}
        </Choice>
        <Button type="submit" look="primary" disabled={create.isPending}>
          {t`Make a key`}
        </Button>
      </form>
    </Section>
  );
}
