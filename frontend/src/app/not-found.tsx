"use client";

import Link from "next/link";

import { t } from "@/lib/text";

export default function NotFound() {
  return (
    <main className="flex min-h-dvh flex-col items-center justify-center gap-3 p-6 text-center">
      <h1 className="text-lg font-semibold">{t`There is nothing here`}</h1>
      <Link href="/" className="text-sm text-accent underline">
        {t`Go to the overview`}
      </Link>
    </main>
  );
}
