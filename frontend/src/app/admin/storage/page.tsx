"use client";

import { StorageOverview } from "@/features/operations";
import { Page } from "@/ui/section";
import { Shell } from "../../shell";

export default function StorageOverviewPage() {
  return (
    <Shell>
      <Page title="Storage">
        <StorageOverview />
      </Page>
    </Shell>
  );
}
