// What only the checks of an optimiser's certificate write into a verdict: certificates.unit.spec.ts counts them.

export const certificateNames: readonly string[] = [
  ..."CertificateMissing RequestChanged ScenariosChanged CertificateInfeasible".split(" "),
  ..."CertificateWrong GapExceeded TargetsOffCertificate AnswerStale".split(" "),
  ..."CERTIFICATE SCENARIOS FEASIBILITY BOUNDS GAP ON_CERTIFICATE ANSWER_AGE".split(" "),
  "TRILLIONTHS",
];
