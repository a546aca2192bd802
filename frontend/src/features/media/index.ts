export { Player } from "./player";
export { RunningJobs } from "./running-jobs";
