"use client";

import { KeyRound, UserCheck, UserX } from "lucide-react";
import { toast } from "@/lib/toast";

import { formatAgo } from "@/lib/format";
import { messageOf } from "@/lib/problem";
import { t } from "@/lib/text";
import { IconButton } from "@/ui/button";
import { Choice } from "@/ui/field";
import { QuotaCell } from "@/ui/quota-cell";
import { ROW } from "@/ui/table";
import { type NewLink, type Person, useChangePerson, useOfferReset } from "./api";

export function PersonRow({ person, onLink }: { person: Person; onLink: (link: NewLink) => void }) {
  const change = useChangePerson();
  const reset = useOfferReset();
  const save = (wanted: Parameters<typeof change.mutate>[0]["change"]) => change.mutate({ id: person.id, change: wanted }, { onError: (error) => toast.error(messageOf(error)) });
  const isActive = person.state === "active";
  const toggle = () => {
    if (!isActive || window.confirm(t`Disable ${person.username}? They are signed out everywhere; their files stay.`)) save({ state: isActive ? "disabled" : "active" });
  };
  return (
    <tr className={ROW} data-username={person.username}>
      <td className="max-w-64 px-4 py-2.5">
        <p className="truncate font-medium">{person.username}</p>
        <p className="truncate text-xs text-muted">{[person.full_name, person.email].filter(Boolean).join(" · ") || "–"}</p>
      </td>
      <td className="px-4">
        <Choice label={t`Role of ${person.username}`} value={person.role} onChange={(event) => save({ role: event.target.value as "admin" | "member" })}>
          <option value="member">{t`Member`}</option>
          <option value="admin">{t`Administrator`}</option>
        </Choice>
      </td>
      <td className="px-4">
        <QuotaCell name={person.username} quota={person.quota} onLimit={(quota_bytes) => save({ quota_bytes })} />
      </td>
      <td className="px-4 whitespace-nowrap text-muted">{person.last_sign_in_at ? formatAgo(person.last_sign_in_at) : t`never`}</td>
      <td className={`px-4 ${isActive ? "" : "text-bad"}`}>{isActive ? t`Active` : t`Disabled`}</td>
      <td className="px-2 text-right whitespace-nowrap">
        <IconButton label={t`New password for ${person.username}`} disabled={reset.isPending} onClick={() => reset.mutate(person.id, { onSuccess: onLink, onError: (error) => toast.error(messageOf(error)) })}>
          <KeyRound className="size-4" />
        </IconButton>
        <IconButton label={`${isActive ? t`Disable` : t`Enable`} ${person.username}`} disabled={change.isPending} onClick={toggle}>
          {isActive ? <UserX className="size-4" /> : <UserCheck className="size-4" />}
        </IconButton>
      </td>
    </tr>
  );
}
