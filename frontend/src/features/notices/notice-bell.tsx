"use client";

import { useQuery } from "@tanstack/react-query";
import { Bell } from "lucide-react";
import dynamic from "next/dynamic";
import { useEffect, useRef, useState } from "react";

import { api, bodyOf } from "@/lib/api/client";
import { t } from "@/lib/text";
import { useChange } from "@/lib/use-change";
import { IconButton } from "@/ui/button";

const NoticeList = dynamic(() => import("./notice-list").then((found) => found.NoticeList), { ssr: false });
const REFRESH_MS = 60_000;

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
      <IconButton label={count ? t`Notices, ${count} new` : t`Notices`} aria-expanded={isOpen} onClick={toggle}>
        <Bell className="size-4" />
        {count > 0 && <span className="absolute top-1 right-1 size-2 rounded-full bg-accent" />}
      </IconButton>
      {isOpen && (
        <div role="dialog" aria-label={t`Notices`} className="fixed inset-x-3 z-40 max-h-96 overflow-y-auto rounded-xl border border-line bg-panel p-2 shadow-lg max-md:top-16 md:absolute md:inset-x-auto md:bottom-10 md:left-0 md:w-80">
          <NoticeList items={notices.data?.items ?? []} />
        </div>
      )}
    </div>
  );
}
