"use client";

import { toast } from "@/lib/toast";

import { formatAgo } from "@/lib/format";
import { messageOf } from "@/lib/problem";
import { t } from "@/lib/text";
import { Button } from "@/ui/button";
import { Section } from "@/ui/section";
import { Failed, Loading } from "@/ui/states";
import { ROW, Table } from "@/ui/table";
import { endAllSessions, useEndSession, useSessions } from "./api";

/** "Firefox on Linux", as far as a User-Agent tells. */
function describe(agent: string): string {
  const browser = ["Edg", "OPR", "Firefox", "Chrome", "Safari"].find((name) => agent.includes(name)) ?? agent.split("/")[0];
  const system = ["Windows", "Android", "iPhone", "Mac OS", "Linux"].find((name) => agent.includes(name));
  const names: Record<string, string> = { Edg: "Edge", OPR: "Opera" };
  const program = names[browser ?? ""] ?? (browser || t`A program`);
  return system ? t`${program} on ${system}` : program;
}

export function Sessions() {
  const sessions = useSessions();
  const end = useEndSession();
  return (
    <Section title={t`Where you are signed in`} about={t`A session that is ended stops working within half a minute.`}>
      {sessions.isPending && <Loading />}
      {sessions.isError && <Failed error={sessions.error} onRetry={() => void sessions.refetch()} />}
      {sessions.data && (
        <Table headings={[t`Program`, t`Address`, t`Signed in`, t`Last seen`, `-${t`End`}`]} testId="sessions">
          {sessions.data.items.map((session) => (
            <tr key={session.id} className={ROW}>
              <td className="px-4 py-2.5" title={session.user_agent}>
                {describe(session.user_agent)} {session.is_current && <span className="text-muted">{t`(this one)`}</span>}
              </td>
              <td className="px-4 text-muted">{session.ip}</td>
              <td className="px-4 text-muted">{formatAgo(session.signed_in_at)}</td>
              <td className="px-4 text-muted">{formatAgo(session.last_seen_at)}</td>
              <td className="px-2 text-right">
                {!session.is_current && (
                  <Button look="quiet" onClick={() => end.mutate(session.id, { onError: (error) => toast.error(messageOf(error)) })}>
                    {t`End`}
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </Table>
      )}
      <Button look="danger" className="self-start" onClick={() => endAllSessions().catch((error: unknown) => toast.error(messageOf(error)))}>
        {t`Sign out everywhere`}
      </Button>
    </Section>
  );
}
