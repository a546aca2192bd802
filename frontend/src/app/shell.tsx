"use client";

import { useQueryClient } from "@tanstack/react-query";
import { FolderKanban, LayoutDashboard, LogOut, Search } from "lucide-react";
import dynamic from "next/dynamic";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { type ReactNode, useEffect } from "react";

import { SessionGate, signOut, useMe } from "@/features/accounts";
import { NoticeBell } from "@/features/notices";
import { UploadTray, useUploads } from "@/features/uploads";
import { t } from "@/lib/text";
import { IconButton } from "@/ui/button";
import { PlaceLink } from "@/ui/place-link";
import { ThemeToggle } from "@/ui/theme";

const PLACES = [
  { href: "/", label: t`Overview`, icon: LayoutDashboard, owns: ["/"] },
  { href: "/projects/", label: t`Projects`, icon: FolderKanban, owns: ["/projects/", "/projects/settings/", "/files/", "/watch/", "/trash/"] },
  { href: "/search/", label: t`Search`, icon: Search, owns: ["/search/"] },
];
const SpaceUsed = dynamic(() => import("./space-used").then((found) => found.SpaceUsed), { ssr: false });
const AdminLinks = dynamic(() => import("./admin-links").then((found) => found.AdminLinks), { ssr: false });

function Navigation() {
  const path = usePathname();
  const isAdmin = useMe().data?.role === "admin";
  return (
    <nav aria-label={t`Main`} className="relative flex min-w-0 gap-1 overflow-x-auto p-0.5 md:flex-col md:overflow-visible">
      {PLACES.map((place) => (
        <PlaceLink key={place.href} {...place} path={path} />
      ))}
      {isAdmin && <AdminLinks path={path} />}
    </nav>
  );
}

function Account() {
  useLive();
  const me = useMe().data;
  const setRules = useUploads((state) => state.setRules);
  useEffect(() => {
    if (me) setRules(me.client_chunk_bytes, me.direct_upload_bytes);
  }, [me, setRules]);
  if (!me) return null;
  return (
    <div className="flex shrink-0 items-center gap-2 md:flex-col md:items-stretch md:gap-3">
      <SpaceUsed name={me.username} quota={me.quota} />
      <div className="flex items-center gap-1 md:pl-3">
        <Link href="/profile/" className="mr-auto truncate rounded text-sm hover:underline max-sm:sr-only">
          {me.full_name || me.username}
        </Link>
        <NoticeBell />
        <ThemeToggle />
        <IconButton label={t`Sign out`} onClick={() => void signOut()}>
          <LogOut className="size-4" />
        </IconButton>
      </div>
    </div>
  );
}

/** Hints from the server: what changed is looked at anew, wherever it is shown. */
function useLive() {
  const client = useQueryClient();
  useEffect(() => {
    void import("@/lib/live").then(({ follow }) => follow(client));
  }, [client]);
}

/** Frame of every page behind the sign-in. */
export function Shell({ children }: { children: ReactNode }) {
  return (
    <SessionGate>
      <div className="flex h-dvh flex-col md:flex-row">
        <div className="flex shrink-0 items-center justify-between gap-4 border-line bg-panel p-3 max-sm:gap-1 max-md:border-b md:w-56 md:flex-col md:items-stretch md:border-r">
          <div className="flex min-w-0 items-center gap-4 max-sm:gap-1 md:flex-col md:items-stretch">
            <Link href="/" className="flex items-center gap-2.5 px-2 py-1 text-base font-semibold tracking-tight">
              {/* eslint-disable-next-line @next/next/no-img-element -- a local SVG */}
              <img src="/icon.svg" alt="" className="size-6" /> <span className="max-sm:sr-only">Stowage</span>
            </Link>
            <Navigation />
          </div>
          <Account />
        </div>
        <main className="flex min-h-0 min-w-0 flex-1 flex-col overflow-y-auto">{children}</main>
      </div>
      <UploadTray />
    </SessionGate>
  );
}
