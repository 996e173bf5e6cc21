// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core;

/** The security techniques of ITU-T XSTR-SEC-AI (05/2022), clause 7.3. */
public enum Technique {
    /** Clause 7.3.1-1. */
    SELF_ASSESSMENT("7.3.1-1"),
    /** Clause 7.3.1-1. */
    THIRD_PARTY_ASSESSMENT("7.3.1-1"),
    /** Clause 7.3.1-2. */
    SERVICE_ACCESS_CONTROL("7.3.1-2"),
    /** Clause 7.3.1-2. */
    SERVICE_ISOLATION("7.3.1-2"),
    /** Clause 7.3.1-2. */
    SERVICE_REDUNDANCY("7.3.1-2"),
    /** Clause 7.3.1-2. */
    SERVICE_FUSING("7.3.1-2"),
    /** Clause 7.3.1-2. */
    SERVICE_MONITORING("7.3.1-2"),
    /** Clause 7.3.1-3. */
    ADVERSARIAL_EXAMPLE_DETECTION("7.3.1-3"),
    /** Clause 7.3.1-3. */
    BACKDOOR_DETECTION("7.3.1-3"),
    /** Clause 7.3.2-1. */
    DATA_ENHANCEMENT("7.3.2-1"),
    /** Clause 7.3.2-1. */
    ROBUST_FEATURE_LEARNING("7.3.2-1"),
    /** Clause 7.3.2-1. */
    MODEL_RANDOMIZATION("7.3.2-1"),
    /** Clause 7.3.2-1. */
    MODEL_REGULARIZATION("7.3.2-1"),
    /** Clause 7.3.2-1. */
    TRAINING_DATA_SAMPLING("7.3.2-1"),
    /** Clause 7.3.2-2. */
    FAIRNESS_CONSTRAINT("7.3.2-2"),
    /** Clause 7.3.2-2. */
    BIAS_POST_PROCESSING("7.3.2-2"),
    /** Clause 7.3.2-3. */
    MODEL_SELF_EXPLANATION("7.3.2-3"),
    /** Clause 7.3.2-3. */
    GLOBAL_INTERPRETATION("7.3.2-3"),
    /** Clause 7.3.2-3. */
    PARTIAL_INTERPRETATION("7.3.2-3"),
    /** Clause 7.3.2-4. */
    MODEL_WATERMARK("7.3.2-4"),
    /** Clause 7.3.2-5. */
    ROBUSTNESS_EVALUATION("7.3.2-5"),
    /** Clause 7.3.2-5. */
    FAIRNESS_EVALUATION("7.3.2-5"),
    /** Clause 7.3.2-5. */
    INTERPRETABILITY_EVALUATION("7.3.2-5"),
    /** Clause 7.3.3-1. */
    MULTI_PARTY_COMPUTING("7.3.3-1"),
    /** Clause 7.3.3-1. */
    HOMOMORPHIC_ENCRYPTION("7.3.3-1"),
    /** Clause 7.3.3-1. */
    ZERO_KNOWLEDGE_PROOF("7.3.3-1"),
    /** Clause 7.3.3-1. */
    DIFFERENTIAL_PRIVACY("7.3.3-1"),
    /** Clause 7.3.3-1. */
    TRUSTED_EXECUTION_ENVIRONMENT("7.3.3-1"),
    /** Clause 7.3.3-1. */
    FEDERATED_LEARNING("7.3.3-1"),
    /** Clause 7.3.3-2. */
    DATA_SECURITY_LABEL("7.3.3-2"),
    /** Clause 7.3.3-2. */
    BLOCK_CHAIN_TRACEABILITY("7.3.3-2"),
    /** Clause 7.3.3-3. */
    ABNORMAL_DATA_DETECTION("7.3.3-3"),
    /** Clause 7.3.3-3. */
    PROBLEM_DATA_RECONSTRUCTION("7.3.3-3"),
    /** Clause 7.3.3-3. */
    PROBLEM_DATA_REPAIR("7.3.3-3"),
    /** Clause 7.3.3-4. */
    DATA_DISTRIBUTION_MODIFICATION("7.3.3-4"),
    /** Clause 7.3.3-5. */
    DATA_LEAKAGE_EVALUATION("7.3.3-5"),
    /** Clause 7.3.4-1. */
    CODE_AUDITING("7.3.4-1"),
    /** Clause 7.3.4-1. */
    FUZZ_TESTING("7.3.4-1"),
    /** Clause 7.3.4-1. */
    SECURITY_RESPONSE("7.3.4-1"),
    /** Clause 7.3.4-2. */
    MODEL_FILE_VERIFICATION("7.3.4-2"),
    /** Clause 7.3.4-3. */
    TRUSTED_ENVIRONMENT_DEPLOYMENT("7.3.4-3");

    private final String clause;

    Technique(String clause) {
        this.clause = clause;
    }

    /**
     * Returns the clause of the report.
     *
     * @return for example {@code 7.3.1-3}: clause 7.3.1, item 3
     */
    public String clause() {
        return clause;
    }
}
