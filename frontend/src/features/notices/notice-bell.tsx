"use client";

import { useQuery } from "@tanstack/react-query";
import { Bell } from "lucide-react";
import Link from "next/link";
import { useEffect, useRef, useState } from "react";

import { api, bodyOf, type Schemas } from "@/lib/api/client";
import { formatAgo } from "@/lib/format";
import { useChange } from "@/lib/use-change";
import { IconButton } from "@/ui/button";

type Notice = Schemas["NoticeView"];

const REFRESH_MS = 60_000;

function wordsOf(notice: Notice): string {
  const details = notice.details as { after?: { role?: string }; reason?: string };
  switch (notice.verb) {
    case "members.add":
      return `${notice.actor} made you ${details.after?.role ?? "a member"} of a project`;
    case "members.change":
      return `${notice.actor} changed your role to ${details.after?.role ?? "another"}`;
    case "members.remove":
      return `${notice.actor} took you out of a project`;
    case "users.change":
      return `${notice.actor} changed your account`;
    case "users.offer_reset":
      return `${notice.actor} made a link to reset your password`;
    case "auth.reset_password":
      return "Your password was reset by a link";
    case "auth.sign_in":
      return `Somebody tried to sign in as you (${details.reason ?? "refused"})`;
    case "files.copy_failed":
      return `A copy did not finish: ${notice.text}`;
    case "files.arrived_damaged":
      return `${notice.text} arrived damaged: please upload it again`;
    default:
      return notice.verb;
  }
}

/** What others did that concerns me, behind a bell that says how much is new. */
export function NoticeBell() {
  const [isOpen, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const notices = useQuery({ queryKey: ["notices"], queryFn: () => bodyOf(api.GET("/api/v1/me/notices", { params: { query: { limit: 20 } } })), refetchInterval: REFRESH_MS });
  const seen = useChange("notices", () => api.POST("/api/v1/me/notices/seen"));
  const count = notices.data?.new ?? 0;
  useEffect(() => {
    if (!isOpen) return;
    const close = (event: PointerEvent) => {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    };
    window.addEventListener("pointerdown", close);
    return () => window.removeEventListener("pointerdown", close);
  }, [isOpen]);
  const toggle = () => {
    setOpen(!isOpen);
    if (!isOpen && count) seen.mutate(undefined);
  };
  return (
    <div ref={box} className="relative" onKeyDown={(event) => event.key === "Escape" && setOpen(false)}>
      <IconButton label={count ? `Notices, ${count} new` : "Notices"} aria-expanded={isOpen} onClick={toggle}>
        <Bell className="size-4" />
        {count > 0 && <span className="absolute top-1 right-1 size-2 rounded-full bg-accent" />}
      </IconButton>
      {isOpen && (
        <div role="dialog" aria-label="Notices" className="fixed inset-x-3 z-40 max-h-96 overflow-y-auto rounded-xl border border-line bg-panel p-2 shadow-lg max-md:top-16 md:absolute md:inset-x-auto md:bottom-10 md:left-0 md:w-80">
          {notices.data?.items.length ? (
            <ul className="flex flex-col">
              {notices.data.items.map((notice) => (
                <li key={notice.id} className="flex flex-col gap-0.5 rounded-lg px-3 py-2 text-sm">
                  <span className={notice.is_new ? "font-medium" : ""}>{wordsOf(notice)}</span>
                  <span className="flex justify-between gap-2 text-xs text-muted">
                    <time dateTime={notice.at}>{formatAgo(notice.at)}</time>
                    {notice.project_id && notice.verb !== "members.remove" && (
                      <Link href={`/files/?project=${notice.project_id}`} className="rounded text-accent hover:underline">
                        Open
                      </Link>
                    )}
                  </span>
                </li>
              ))}
            </ul>
          ) : (
            <p className="px-3 py-4 text-sm text-muted">Nothing that concerns you yet.</p>
          )}
        </div>
      )}
    </div>
  );
}
