"use client";

import { Jobs } from "@/features/operations";
import { Page } from "@/ui/section";
import { Shell } from "../../shell";

export default function JobsPage() {
  return (
    <Shell>
      <Page title="Jobs">
        <Jobs />
      </Page>
    </Shell>
  );
}
