"use client";

import { DailyPlot, RecentFiles } from "@/features/files";
import { RunningJobs } from "@/features/media";
import { SpaceByProject } from "@/features/projects";
import { UnfinishedUploads } from "@/features/uploads";
import { t } from "@/lib/text";
import { Section } from "@/ui/section";
import { Shell } from "./shell";

export default function DashboardPage() {
  return (
    <Shell>
      <div className="mx-auto flex w-full max-w-6xl flex-col gap-8 p-6 md:p-8">
        <h1 className="text-xl font-semibold">{t`Overview`}</h1>
        <section aria-label={t`Recent files`} className="flex flex-col gap-4">
          <h2 className="text-sm font-semibold text-muted">{t`Recent files`}</h2>
          <RecentFiles />
        </section>
        <div className="grid items-start gap-6 lg:grid-cols-2">
          <Section title={t`What came in`}>
            <DailyPlot />
          </Section>
          <Section title={t`Space by project`}>
            <SpaceByProject />
          </Section>
          <section aria-label={t`Running jobs`} className="rounded-xl border border-line bg-panel">
            <h2 className="border-b border-line px-4 py-3 text-sm font-semibold">{t`Being processed`}</h2>
            <RunningJobs />
          </section>
          <UnfinishedUploads />
        </div>
      </div>
    </Shell>
  );
}
