import { testDevice } from "../testing/device-contract.spec.ts";
import { describeWebGpu } from "./testing/describe-webgpu.ts";
import { workOf } from "./testing/gpu-works.ts";
import { webGpuDriver } from "./webgpu-device.ts";

describeWebGpu("the suite of every device", (environment) => {
  testDevice(
    "passed by a GPU",
    () => ({ driver: webGpuDriver({ name: "gpu", software: true, environment }) }),
    [workOf(50, 5000), workOf(7, 2000, { scale: 1e-9 }), workOf(7, 2000, { scale: 1e6 })],
  );
});
