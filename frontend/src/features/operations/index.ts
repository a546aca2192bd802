export { Jobs } from "./jobs";
export { StorageOverview } from "./storage";
