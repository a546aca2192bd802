"use client";

import { AllProjects } from "@/features/projects";
import { t } from "@/lib/text";
import { Page } from "@/ui/section";
import { Shell } from "../../shell";

export default function AllProjectsPage() {
  return (
    <Shell>
      <Page title={t`All projects`}>
        <AllProjects />
      </Page>
    </Shell>
  );
}
