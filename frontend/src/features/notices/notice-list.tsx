import Link from "next/link";

import type { Schemas } from "@/lib/api/client";
import { formatAgo } from "@/lib/format";
import { t } from "@/lib/text";

type Notice = Schemas["NoticeView"];

function wordsOf(notice: Notice): string {
  const details = notice.details as { after?: { role?: string; percent?: number }; reason?: string };
  switch (notice.verb) {
    case "members.add":
      return t`${notice.actor} made you ${details.after?.role ?? t`a member`} of a project`;
    case "members.change":
      return t`${notice.actor} changed your role to ${details.after?.role ?? t`another`}`;
    case "members.remove":
      return t`${notice.actor} took you out of a project`;
    case "users.change":
      return t`${notice.actor} changed your account`;
    case "users.offer_reset":
      return t`${notice.actor} made a link to reset your password`;
    case "auth.reset_password":
      return t`Your password was reset by a link`;
    case "auth.sign_in":
      return t`Somebody tried to sign in as you (${details.reason ?? t`refused`})`;
    case "files.copy_failed":
      return t`A copy did not finish: ${notice.text}`;
    case "files.arrived_damaged":
      return t`${notice.text} arrived damaged: please upload it again`;
    case "quota.warn":
      return notice.project_id
        ? t`The quota of ${notice.text} is used to ${details.after?.percent} %`
        : t`Your quota is used to ${details.after?.percent} %`;
    default:
      return notice.verb;
  }
}

export function NoticeList({ items }: { items: Notice[] }) {
  if (items.length === 0) return <p className="px-3 py-4 text-sm text-muted">{t`Nothing that concerns you yet.`}</p>;
  return (
    <ul className="flex flex-col">
      {items.map((notice) => (
        <li key={notice.id} className="flex flex-col gap-0.5 rounded-lg px-3 py-2 text-sm">
          <span className={notice.is_new ? "font-medium" : ""}>{wordsOf(notice)}</span>
          <span className="flex justify-between gap-2 text-xs text-muted">
            <time dateTime={notice.at}>{formatAgo(notice.at)}</time>
            {notice.project_id && notice.verb !== "members.remove" && (
              <Link href={`/files/?project=${notice.project_id}`} className="rounded text-accent hover:underline">
                {t`Open`}
              </Link>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}
