"use client";

import { toast } from "sonner";

import { formatAgo } from "@/lib/format";
import { messageOf } from "@/lib/problem";
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
  return [names[browser ?? ""] ?? (browser || "A program"), system].filter(Boolean).join(" on ");
}

export function Sessions() {
  const sessions = useSessions();
  const end = useEndSession();
  return (
    <Section title="Where you are signed in" about="A session that is ended stops working within half a minute.">
      {sessions.isPending && <Loading />}
      {sessions.isError && <Failed error={sessions.error} onRetry={() => void sessions.refetch()} />}
      {sessions.data && (
        <Table headings={["Program", "Address", "Signed in", "Last seen", "-End"]} testId="sessions">
          {sessions.data.items.map((session) => (
            <tr key={session.id} className={ROW}>
              <td className="px-4 py-2.5" title={session.user_agent}>
                {describe(session.user_agent)} {session.is_current && <span className="text-muted">(this one)</span>}
              </td>
              <td className="px-4 text-muted">{session.ip}</td>
              <td className="px-4 text-muted">{formatAgo(session.signed_in_at)}</td>
              <td className="px-4 text-muted">{formatAgo(session.last_seen_at)}</td>
              <td className="px-2 text-right">
                {!session.is_current && (
                  <Button look="quiet" onClick={() => end.mutate(session.id, { onError: (error) => toast.error(messageOf(error)) })}>
                    End
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </Table>
      )}
      <Button look="danger" className="self-start" onClick={() => endAllSessions().catch((error: unknown) => toast.error(messageOf(error)))}>
        Sign out everywhere
      </Button>
    </Section>
  );
}
