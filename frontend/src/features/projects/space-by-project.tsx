"use client";

import { formatBytes } from "@/lib/format";
import { t } from "@/lib/text";
import { Bars } from "@/ui/bars";
import { Failed, Loading } from "@/ui/states";
import { useProjects } from "./api";

const SHOWN = 8;

/** What my projects hold, the largest first. */
export function SpaceByProject() {
  const projects = useProjects();
  if (projects.isPending) return <Loading />;
  if (projects.isError) return <Failed error={projects.error} />;
  const rows = [...projects.data.items].sort((a, b) => b.quota.used_bytes - a.quota.used_bytes).slice(0, SHOWN);
  return (
    <Bars
      label={t`Space by project`}
      format={formatBytes}
      rows={rows.map((project) => ({
        name: project.name,
        parts: [
          { name: t`Files`, value: project.quota.used_bytes, tone: "accent" as const },
          { name: t`Previews and films made of them`, value: project.derived_bytes, tone: "good" as const },
          { name: t`On the way`, value: project.quota.reserved_bytes, tone: "muted" as const },
        ],
      }))}
    />
  );
}
