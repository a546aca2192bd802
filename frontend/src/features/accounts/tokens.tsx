"use client";

import { type FormEvent, useState } from "react";
import { toast } from "sonner";

import { formatAgo } from "@/lib/format";
import { messageOf } from "@/lib/problem";
import { Button } from "@/ui/button";
import { Choice, Field } from "@/ui/field";
import { Once } from "@/ui/once";
import { Section } from "@/ui/section";
import { ROW, Table } from "@/ui/table";
import { useCreateKey, useKeys, useMe, useRemoveKey } from "./api";

type Scope = "read" | "write" | "admin";
const SCOPES: Record<string, { label: string; scopes: Scope[] }> = {
  read: { label: "May look and download", scopes: ["read"] },
  write: { label: "May also upload and change", scopes: ["read", "write"] },
  admin: { label: "May also administer", scopes: ["read", "write", "admin"] },
};
const AGES: Record<string, number | null> = { "30 days": 30, "90 days": 90, "1 year": 365, "no end": null };

/** Personal API tokens. `projects` are those one may be bound to. */
export function Tokens({ projects }: { projects: { id: string; name: string }[] }) {
  const keys = useKeys();
  const create = useCreateKey();
  const remove = useRemoveKey();
  const isAdmin = useMe().data?.role === "admin";
  const [secret, setSecret] = useState<string | null>(null);
  const nameOf = (id: string | null) => (id === null ? "all projects" : (projects.find((project) => project.id === id)?.name ?? "one project"));
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const target = event.currentTarget;
    const form = new FormData(target);
    create.mutate(
      {
        name: String(form.get("name")).trim(),
        scopes: SCOPES[String(form.get("scope"))]?.scopes ?? ["read"],
        project_id: String(form.get("project")) || null,
        expires_in_days: AGES[String(form.get("age"))] ?? null,
      },
      {
        onSuccess: (key) => {
          setSecret(key.token);
          target.reset();
        },
        onError: (error) => toast.error(messageOf(error)),
      },
    );
  };
  return (
    <Section title="API tokens" about="For programs that work in your name: send one as Authorization: Bearer.">
      {secret && <Once secret={secret} about="This is the token. It is shown only now." onDone={() => setSecret(null)} />}
      {!!keys.data?.items.length && (
        <Table headings={["Token", "May", "In", "Last used", "Ends", "-Remove"]} testId="tokens">
          {keys.data.items.map((key) => (
            <tr key={key.id} className={ROW}>
              <td className="px-4 py-2.5">
                {key.name} <code className="text-xs text-muted">{key.hint}…</code>
              </td>
              <td className="px-4 text-muted">{key.scopes.join(", ")}</td>
              <td className="px-4 text-muted">{nameOf(key.project_id)}</td>
              <td className="px-4 text-muted">{key.last_used_at ? formatAgo(key.last_used_at) : "never"}</td>
              <td className="px-4 text-muted">{key.expires_at ? new Date(key.expires_at).toLocaleDateString("en", { dateStyle: "medium" }) : "never"}</td>
              <td className="px-2 text-right">
                <Button look="quiet" onClick={() => remove.mutate(key.id, { onError: (error) => toast.error(messageOf(error)) })}>
                  Remove
                </Button>
              </td>
            </tr>
          ))}
        </Table>
      )}
      <form onSubmit={submit} className="flex flex-wrap items-end gap-3">
        <Field label="What it is for" name="name" required maxLength={100} className="min-w-48 flex-1" />
        <Choice label="What it may do" name="scope" defaultValue="write">
          {Object.entries(SCOPES).map(([value, { label }]) => (value !== "admin" || isAdmin) && <option key={value} value={value}>{label}</option>)}
        </Choice>
        <Choice label="Where" name="project" defaultValue="" className="max-w-48">
          <option value="">In all my projects</option>
          {projects.map((project) => (
            <option key={project.id} value={project.id}>
              Only in {project.name}
            </option>
          ))}
        </Choice>
        <Choice label="How long it lives" name="age" defaultValue="90 days">
          {Object.keys(AGES).map((age) => (
            <option key={age}>{age}</option>
          ))}
        </Choice>
        <Button type="submit" look="primary" disabled={create.isPending}>
          Make a token
        </Button>
      </form>
    </Section>
  );
}
