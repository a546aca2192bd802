"use client";

import { UserMinus } from "lucide-react";
import { useRouter } from "next/navigation";
import type { FormEvent } from "react";
import { toast } from "@/lib/toast";

import { formatAgo } from "@/lib/format";
import { messageOf } from "@/lib/problem";
import { t } from "@/lib/text";
import { Button, IconButton } from "@/ui/button";
import { Choice, Field } from "@/ui/field";
import { Section } from "@/ui/section";
import { Failed, Loading } from "@/ui/states";
import { ROW, Table } from "@/ui/table";
import { type Member, type Project, type ProjectRole, useAddMember, useChangeMember, useMembers, useRemoveMember } from "./api";

const ROLES: Record<ProjectRole, string> = {
  viewer: t`Viewer: looks and downloads`,
  annotator: t`Annotator: works on batches`,
  reviewer: t`Reviewer: accepts work too`,
  contributor: t`Contributor: uploads and changes files`,
  manager: t`Manager: all of it, and members`,
  owner: t`Owner: everything`,
};
const say = (error: unknown) => toast.error(messageOf(error));

function Roles({ mayOwn }: { mayOwn: boolean }) {
  return Object.entries(ROLES).map(([role, text]) => (
    <option key={role} value={role} disabled={role === "owner" && !mayOwn}>
      {text}
    </option>
  ));
}

function MemberRow({ project, member, me }: { project: Project; member: Member; me: string }) {
  const change = useChangeMember(project.id);
  const remove = useRemoveMember(project.id);
  const mayOwn = project.permissions.includes("own");
  const mayChange = project.permissions.includes("manage") && (mayOwn || member.role !== "owner");
  const isMe = member.user_id === me;
  const router = useRouter();
  const go = () => {
    const question = isMe ? t`Leave ${project.name}? You will not see it any more.` : t`Remove ${member.username} from ${project.name}? Their files stay.`;
    if (window.confirm(question)) remove.mutateAsync(member.user_id).then(() => isMe && router.replace("/projects/"), say);
  };
  return (
    <tr className={ROW} data-member={member.username}>
      <td className="px-4 py-2.5">
        <span className="font-medium">{member.username}</span> <span className="text-muted">{member.full_name}</span>
      </td>
      <td className="px-4">
        {mayChange ? (
          <Choice label={t`Role of ${member.username}`} value={member.role} onChange={(event) => change.mutate({ user: member.user_id, role: event.target.value as ProjectRole }, { onError: say })}>
            <Roles mayOwn={mayOwn} />
          </Choice>
        ) : (
          ROLES[member.role as ProjectRole]
        )}
      </td>
      <td className="px-4 whitespace-nowrap text-muted">{formatAgo(member.since)}</td>
      <td className="px-2 text-right">
        {(mayChange || isMe) && (
          <IconButton label={isMe ? t`Leave the project` : t`Remove ${member.username}`} onClick={go} disabled={remove.isPending}>
            <UserMinus className="size-4" />
          </IconButton>
        )}
      </td>
    </tr>
  );
}

function AddMember({ project }: { project: Project }) {
  const add = useAddMember(project.id);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const target = event.currentTarget;
    const form = new FormData(target);
    add.mutate({ username: String(form.get("username")).trim(), role: String(form.get("role")) as ProjectRole }, { onSuccess: () => target.reset(), onError: say });
  };
  return (
    <form onSubmit={submit} className="flex flex-wrap items-end gap-3">
      <Field label={t`Add somebody by username`} name="username" required maxLength={64} autoComplete="off" className="min-w-48 flex-1" />
      <Choice label={t`Role of the new member`} name="role" defaultValue="contributor">
        <Roles mayOwn={project.permissions.includes("own")} />
      </Choice>
      <Button type="submit" look="primary" disabled={add.isPending}>
        {t`Add`}
      </Button>
    </form>
  );
}

export function Members({ project, me }: { project: Project; me: string }) {
  const members = useMembers(project.id);
  const found = members.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Section title={t`Members`} about={t`What each role may do applies to everything in this project.`}>
      {members.isPending && <Loading />}
      {members.isError && <Failed error={members.error} onRetry={() => void members.refetch()} />}
      {found.length > 0 && (
        <Table headings={[t`Person`, t`Role`, t`Since`, `-${t`Remove`}`]} testId="members">
          {found.map((member) => (
            <MemberRow key={member.user_id} project={project} member={member} me={me} />
          ))}
        </Table>
      )}
      {members.hasNextPage && <Button onClick={() => void members.fetchNextPage()}>{t`Show more`}</Button>}
      {project.permissions.includes("manage") && <AddMember project={project} />}
    </Section>
  );
}
