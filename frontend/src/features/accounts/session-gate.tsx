"use client";

import { usePathname, useRouter } from "next/navigation";
import { type ReactNode, useEffect, useState } from "react";

import { onSession, refreshSession } from "@/lib/api/session";
import { t } from "@/lib/text";
import { Loading } from "@/ui/states";

/** Shows its children to people who are signed in; everybody else is sent to the sign-in page. */
export function SessionGate({ children }: { children: ReactNode }) {
  const router = useRouter();
  const path = usePathname();
  const [isSignedIn, setSignedIn] = useState<boolean | null>(null);
  useEffect(() => {
    const stop = onSession(setSignedIn);
    void refreshSession().then((ok) => setSignedIn((known) => known ?? ok));
    return stop;
  }, []);
  useEffect(() => {
    if (isSignedIn === false) router.replace(`/login/?next=${encodeURIComponent(path + window.location.search)}`);
  }, [isSignedIn, path, router]);
  return isSignedIn ? children : <Loading label={t`Signing in`} />;
}
