// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core;

/** The security threats in the process of using AI technology (ITU-T XSTR-SEC-AI, Table 1). */
public enum Threat {
    /** Algorithm backdoor embedding. */
    ALGORITHM_BACKDOOR_EMBEDDING(
            "Algorithm backdoor embedding", "Infrastructure imperfection", LifeCyclePhase.DESIGN_AND_MANUFACTURING),
    /** Code security vulnerability. */
    CODE_SECURITY_VULNERABILITY(
            "Code security vulnerability", "Infrastructure imperfection", LifeCyclePhase.DESIGN_AND_MANUFACTURING),
    /** Unbalanced training data. */
    UNBALANCED_TRAINING_DATA(
            "Unbalanced training data", "Infrastructure imperfection", LifeCyclePhase.DESIGN_AND_MANUFACTURING),
    /** Training data poisoning. */
    TRAINING_DATA_POISONING(
            "Training data poisoning", "Infrastructure imperfection", LifeCyclePhase.DESIGN_AND_MANUFACTURING),
    /** Training data leakage. */
    TRAINING_DATA_LEAKAGE(
            "Training data leakage", "Infrastructure imperfection", LifeCyclePhase.DESIGN_AND_MANUFACTURING),
    /** Algorithm weak robustness. */
    WEAK_ROBUSTNESS(
            "Algorithm weak robustness", "AI technology vulnerability", LifeCyclePhase.DESIGN_AND_MANUFACTURING),
    /** Algorithm unexplainability. */
    UNEXPLAINABILITY(
            "Algorithm unexplainability", "AI technology vulnerability", LifeCyclePhase.DESIGN_AND_MANUFACTURING),
    /** Algorithm bias discrimination. */
    BIAS_DISCRIMINATION(
            "Algorithm bias discrimination", "AI technology vulnerability", LifeCyclePhase.DESIGN_AND_MANUFACTURING),
    /** Uncontrollable behaviour. */
    UNCONTROLLABLE_BEHAVIOUR(
            "Uncontrollable behaviour", "Design and research error", LifeCyclePhase.DESIGN_AND_MANUFACTURING),
    /** Untimely problem detect and fix. */
    UNTIMELY_PROBLEM_DETECTION(
            "Untimely problem detect and fix", "Test validation inadequacy", LifeCyclePhase.DESIGN_AND_MANUFACTURING),
    /** Unauthorized access. */
    UNAUTHORIZED_ACCESS(
            "Unauthorized access", "Untrusted deployment environment", LifeCyclePhase.DEPLOYMENT_AND_APPLICATION),
    /** Unauthorized use. */
    UNAUTHORIZED_USE("Unauthorized use", "Untrusted deployment environment", LifeCyclePhase.DEPLOYMENT_AND_APPLICATION),
    /** Adversarial examples attack. */
    ADVERSARIAL_EXAMPLES_ATTACK(
            "Adversarial examples attack", "Security attack", LifeCyclePhase.DEPLOYMENT_AND_APPLICATION),
    /** Algorithm backdoor attack. */
    ALGORITHM_BACKDOOR_ATTACK(
            "Algorithm backdoor attack", "Security attack", LifeCyclePhase.DEPLOYMENT_AND_APPLICATION),
    /** Model stealing attack. */
    MODEL_STEALING_ATTACK("Model stealing attack", "Security attack", LifeCyclePhase.DEPLOYMENT_AND_APPLICATION),
    /** Model feedback misdirection. */
    MODEL_FEEDBACK_MISDIRECTION(
            "Model feedback misdirection", "Security attack", LifeCyclePhase.DEPLOYMENT_AND_APPLICATION),
    /** Reverse data recovery. */
    REVERSE_DATA_RECOVERY("Reverse data recovery", "Security attack", LifeCyclePhase.DEPLOYMENT_AND_APPLICATION),
    /** Member reasoning attack. */
    MEMBER_REASONING_ATTACK("Member reasoning attack", "Security attack", LifeCyclePhase.DEPLOYMENT_AND_APPLICATION),
    /** Attribute inference attack. */
    ATTRIBUTE_INFERENCE_ATTACK(
            "Attribute inference attack", "Security attack", LifeCyclePhase.DEPLOYMENT_AND_APPLICATION),
    /** Code vulnerability exploitation. */
    CODE_VULNERABILITY_EXPLOITATION(
            "Code vulnerability exploitation", "Security attack", LifeCyclePhase.DEPLOYMENT_AND_APPLICATION),
    /** Abuse and malicious use. */
    ABUSE_AND_MALICIOUS_USE("Abuse and malicious use", "Insecure usage", LifeCyclePhase.DEPLOYMENT_AND_APPLICATION),
    /** Failure to detect and fix security problems brought by continuous learning. */
    CONTINUOUS_LEARNING_PROBLEMS(
            "Failure to detect and fix security problems brought by continuous learning",
            "Test validation data untimely updated",
            LifeCyclePhase.MAINTENANCE_AND_UPGRADING),
    /** Non-compliance with national laws, regulations and ethics. */
    NON_COMPLIANCE(
            "Non-compliance with national laws, regulations and ethics",
            "Incorrect objective",
            LifeCyclePhase.MAINTENANCE_AND_UPGRADING),
    /** Personal privacy leakage. */
    PERSONAL_PRIVACY_LEAKAGE(
            "Personal privacy leakage", "Incomplete destruction", LifeCyclePhase.ABANDONMENT_AND_DESTRUCTION);

    private final String title;
    private final String source;
    private final LifeCyclePhase phase;

    Threat(String title, String source, LifeCyclePhase phase) {
        this.title = title;
        this.source = source;
        this.phase = phase;
    }

    /**
     * Returns the name as the report has it.
     *
     * @return for a reader
     */
    public String title() {
        return title;
    }

    /**
     * Returns the threat source that the table names.
     *
     * @return the threat source that the table names
     */
    public String source() {
        return source;
    }

    /**
     * Returns the phase in which the table lists it.
     *
     * @return the phase in which the table lists it
     */
    public LifeCyclePhase phase() {
        return phase;
    }
}
