export { Gpus } from "./gpus";
export { Jobs } from "./jobs";
export { StorageOverview } from "./storage";
