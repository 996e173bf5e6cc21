// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * The security techniques of ITU-T XSTR-SEC-AI (05/2022), clause 7.3: all of Table 3, and the security response mechanism,
 * which the text of clause 7.3.4 has and the table leaves out.
 *
 * <p>Phases are those of Table 3. The report has no table from techniques to threats (Table 1) and objectives (Table 2);
 * {@link #threats()} and {@link #objectives()} are read out of the text of each technique.
 */
public enum Technique {
    /** Self-assessment. */
    SELF_ASSESSMENT(
            "Self-assessment",
            TechniqueFamily.COMPLIANCE_ASSESSMENT,
            EnumSet.of(LifeCyclePhase.DESIGN_AND_MANUFACTURING, LifeCyclePhase.MAINTENANCE_AND_UPGRADING),
            EnumSet.of(Threat.NON_COMPLIANCE),
            EnumSet.of(SecurityObjective.LEGAL_COMPLIANCE)),
    /** Third-party assessment. */
    THIRD_PARTY_ASSESSMENT(
            "Third-party assessment",
            TechniqueFamily.COMPLIANCE_ASSESSMENT,
            EnumSet.of(LifeCyclePhase.DESIGN_AND_MANUFACTURING, LifeCyclePhase.MAINTENANCE_AND_UPGRADING),
            EnumSet.of(Threat.NON_COMPLIANCE),
            EnumSet.of(SecurityObjective.LEGAL_COMPLIANCE)),
    /** Service access control. */
    SERVICE_ACCESS_CONTROL(
            "Service access control",
            TechniqueFamily.SERVICE_MECHANISM,
            EnumSet.of(LifeCyclePhase.DESIGN_AND_MANUFACTURING),
            EnumSet.of(
                    Threat.UNAUTHORIZED_ACCESS,
                    Threat.UNAUTHORIZED_USE,
                    Threat.MODEL_STEALING_ATTACK,
                    Threat.MEMBER_REASONING_ATTACK,
                    Threat.ABUSE_AND_MALICIOUS_USE),
            EnumSet.of(
                    SecurityObjective.RELIABLE_AND_CONTROLLABLE_FUNCTIONS,
                    SecurityObjective.DATA_SECURITY_AND_RELIABILITY)),
    /** Service security isolation. */
    SERVICE_ISOLATION(
            "Service security isolation",
            TechniqueFamily.SERVICE_MECHANISM,
            EnumSet.of(LifeCyclePhase.DESIGN_AND_MANUFACTURING),
            EnumSet.of(Threat.UNCONTROLLABLE_BEHAVIOUR),
            EnumSet.of(SecurityObjective.RELIABLE_AND_CONTROLLABLE_FUNCTIONS)),
    /** Service security redundancy. */
    SERVICE_REDUNDANCY(
            "Service security redundancy",
            TechniqueFamily.SERVICE_MECHANISM,
            EnumSet.of(LifeCyclePhase.DESIGN_AND_MANUFACTURING),
            EnumSet.of(Threat.UNCONTROLLABLE_BEHAVIOUR, Threat.WEAK_ROBUSTNESS),
            EnumSet.of(SecurityObjective.RELIABLE_AND_CONTROLLABLE_FUNCTIONS)),
    /** Service security fusing. */
    SERVICE_FUSING(
            "Service security fusing",
            TechniqueFamily.SERVICE_MECHANISM,
            EnumSet.of(LifeCyclePhase.DEPLOYMENT_AND_APPLICATION),
            EnumSet.of(Threat.UNCONTROLLABLE_BEHAVIOUR),
            EnumSet.of(SecurityObjective.RELIABLE_AND_CONTROLLABLE_FUNCTIONS)),
    /** Service security monitoring. */
    SERVICE_MONITORING(
            "Service security monitoring",
            TechniqueFamily.SERVICE_MECHANISM,
            EnumSet.of(LifeCyclePhase.DEPLOYMENT_AND_APPLICATION),
            EnumSet.of(
                    Threat.UNTIMELY_PROBLEM_DETECTION, Threat.UNCONTROLLABLE_BEHAVIOUR, Threat.ABUSE_AND_MALICIOUS_USE),
            EnumSet.of(SecurityObjective.RELIABLE_AND_CONTROLLABLE_FUNCTIONS, SecurityObjective.INCIDENT_TRACEABILITY)),
    /** Adversarial examples detection. */
    ADVERSARIAL_EXAMPLE_DETECTION(
            "Adversarial examples detection",
            TechniqueFamily.ATTACK_DETECTION,
            EnumSet.of(LifeCyclePhase.DEPLOYMENT_AND_APPLICATION),
            EnumSet.of(Threat.ADVERSARIAL_EXAMPLES_ATTACK),
            EnumSet.of(SecurityObjective.RELIABLE_AND_CONTROLLABLE_FUNCTIONS)),
    /** Algorithm backdoor detection. */
    BACKDOOR_DETECTION(
            "Algorithm backdoor detection",
            TechniqueFamily.ATTACK_DETECTION,
            EnumSet.of(LifeCyclePhase.DEPLOYMENT_AND_APPLICATION),
            EnumSet.of(Threat.ALGORITHM_BACKDOOR_EMBEDDING, Threat.ALGORITHM_BACKDOOR_ATTACK),
            EnumSet.of(SecurityObjective.RELIABLE_AND_CONTROLLABLE_FUNCTIONS)),
    /** Data enhancement. */
    DATA_ENHANCEMENT(
            "Data enhancement",
            TechniqueFamily.ROBUSTNESS_ENHANCEMENT,
            EnumSet.of(LifeCyclePhase.DESIGN_AND_MANUFACTURING),
            EnumSet.of(Threat.WEAK_ROBUSTNESS),
            EnumSet.of(SecurityObjective.RELIABLE_AND_CONTROLLABLE_FUNCTIONS)),
    /** Robust feature learning. */
    ROBUST_FEATURE_LEARNING(
            "Robust feature learning",
            TechniqueFamily.ROBUSTNESS_ENHANCEMENT,
            EnumSet.of(LifeCyclePhase.DESIGN_AND_MANUFACTURING),
            EnumSet.of(Threat.WEAK_ROBUSTNESS, Threat.ADVERSARIAL_EXAMPLES_ATTACK),
            EnumSet.of(SecurityObjective.RELIABLE_AND_CONTROLLABLE_FUNCTIONS)),
    /** Model randomization. */
    MODEL_RANDOMIZATION(
            "Model randomization",
            TechniqueFamily.ROBUSTNESS_ENHANCEMENT,
            EnumSet.of(LifeCyclePhase.DESIGN_AND_MANUFACTURING),
            EnumSet.of(Threat.WEAK_ROBUSTNESS, Threat.ADVERSARIAL_EXAMPLES_ATTACK),
            EnumSet.of(SecurityObjective.RELIABLE_AND_CONTROLLABLE_FUNCTIONS)),
    /** Model regularization. */
    MODEL_REGULARIZATION(
            "Model regularization",
            TechniqueFamily.ROBUSTNESS_ENHANCEMENT,
            EnumSet.of(LifeCyclePhase.DESIGN_AND_MANUFACTURING),
            EnumSet.of(Threat.WEAK_ROBUSTNESS, Threat.ADVERSARIAL_EXAMPLES_ATTACK),
            EnumSet.of(SecurityObjective.RELIABLE_AND_CONTROLLABLE_FUNCTIONS)),
    /** Training data sampling. */
    TRAINING_DATA_SAMPLING(
            "Training data sampling",
            TechniqueFamily.ROBUSTNESS_ENHANCEMENT,
            EnumSet.of(LifeCyclePhase.DESIGN_AND_MANUFACTURING),
            EnumSet.of(Threat.UNBALANCED_TRAINING_DATA, Threat.TRAINING_DATA_POISONING),
            EnumSet.of(SecurityObjective.RELIABLE_AND_CONTROLLABLE_FUNCTIONS)),
    /** Algorithm fairness constraint. */
    FAIRNESS_CONSTRAINT(
            "Algorithm fairness constraint",
            TechniqueFamily.FAIRNESS_GUARANTEE,
            EnumSet.of(LifeCyclePhase.DESIGN_AND_MANUFACTURING),
            EnumSet.of(Threat.BIAS_DISCRIMINATION),
            EnumSet.of(SecurityObjective.FAIRNESS_AND_JUSTICE)),
    /** Bias discrimination post-processing. */
    BIAS_POST_PROCESSING(
            "Bias discrimination post-processing",
            TechniqueFamily.FAIRNESS_GUARANTEE,
            EnumSet.of(LifeCyclePhase.DESIGN_AND_MANUFACTURING),
            EnumSet.of(Threat.BIAS_DISCRIMINATION),
            EnumSet.of(SecurityObjective.FAIRNESS_AND_JUSTICE)),
    /** Model self-explanation. */
    MODEL_SELF_EXPLANATION(
            "Model self-explanation",
            TechniqueFamily.INTERPRETABILITY_IMPROVEMENT,
            EnumSet.of(LifeCyclePhase.DESIGN_AND_MANUFACTURING),
            EnumSet.of(Threat.UNEXPLAINABILITY),
            EnumSet.of(SecurityObjective.BEHAVIOUR_EXPLAINABILITY)),
    /** Algorithm global interpretation. */
    GLOBAL_INTERPRETATION(
            "Algorithm global interpretation",
            TechniqueFamily.INTERPRETABILITY_IMPROVEMENT,
            EnumSet.of(LifeCyclePhase.DESIGN_AND_MANUFACTURING),
            EnumSet.of(Threat.UNEXPLAINABILITY),
            EnumSet.of(SecurityObjective.BEHAVIOUR_EXPLAINABILITY)),
    /** Algorithm partial interpretation. */
    PARTIAL_INTERPRETATION(
            "Algorithm partial interpretation",
            TechniqueFamily.INTERPRETABILITY_IMPROVEMENT,
            EnumSet.of(LifeCyclePhase.DESIGN_AND_MANUFACTURING),
            EnumSet.of(Threat.UNEXPLAINABILITY),
            EnumSet.of(SecurityObjective.BEHAVIOUR_EXPLAINABILITY)),
    /** Model watermark. */
    MODEL_WATERMARK(
            "Model watermark",
            TechniqueFamily.INTELLECTUAL_PROPERTY_PROTECTION,
            EnumSet.of(LifeCyclePhase.DESIGN_AND_MANUFACTURING),
            EnumSet.of(Threat.MODEL_STEALING_ATTACK, Threat.UNAUTHORIZED_USE),
            EnumSet.of(SecurityObjective.INCIDENT_TRACEABILITY)),
    /** Robustness evaluation. */
    ROBUSTNESS_EVALUATION(
            "Robustness evaluation",
            TechniqueFamily.ALGORITHM_EVALUATION,
            EnumSet.of(LifeCyclePhase.DESIGN_AND_MANUFACTURING, LifeCyclePhase.MAINTENANCE_AND_UPGRADING),
            EnumSet.of(Threat.WEAK_ROBUSTNESS, Threat.UNTIMELY_PROBLEM_DETECTION, Threat.CONTINUOUS_LEARNING_PROBLEMS),
            EnumSet.of(SecurityObjective.RELIABLE_AND_CONTROLLABLE_FUNCTIONS)),
    /** Fairness evaluation. */
    FAIRNESS_EVALUATION(
            "Fairness evaluation",
            TechniqueFamily.ALGORITHM_EVALUATION,
            EnumSet.of(LifeCyclePhase.DESIGN_AND_MANUFACTURING, LifeCyclePhase.MAINTENANCE_AND_UPGRADING),
            EnumSet.of(
                    Threat.BIAS_DISCRIMINATION, Threat.UNTIMELY_PROBLEM_DETECTION, Threat.CONTINUOUS_LEARNING_PROBLEMS),
            EnumSet.of(SecurityObjective.FAIRNESS_AND_JUSTICE)),
    /** Interpretability evaluation. */
    INTERPRETABILITY_EVALUATION(
            "Interpretability evaluation",
            TechniqueFamily.ALGORITHM_EVALUATION,
            EnumSet.of(LifeCyclePhase.DESIGN_AND_MANUFACTURING, LifeCyclePhase.MAINTENANCE_AND_UPGRADING),
            EnumSet.of(Threat.UNEXPLAINABILITY, Threat.UNTIMELY_PROBLEM_DETECTION, Threat.CONTINUOUS_LEARNING_PROBLEMS),
            EnumSet.of(SecurityObjective.BEHAVIOUR_EXPLAINABILITY)),
    /** Multi-party security computing. */
    MULTI_PARTY_COMPUTING(
            "Multi-party security computing",
            TechniqueFamily.PRIVACY_COMPUTING,
            EnumSet.of(LifeCyclePhase.DESIGN_AND_MANUFACTURING),
            EnumSet.of(Threat.TRAINING_DATA_LEAKAGE),
            EnumSet.of(SecurityObjective.DATA_SECURITY_AND_RELIABILITY)),
    /** Homomorphic encryption. */
    HOMOMORPHIC_ENCRYPTION(
            "Homomorphic encryption",
            TechniqueFamily.PRIVACY_COMPUTING,
            EnumSet.of(LifeCyclePhase.DESIGN_AND_MANUFACTURING),
            EnumSet.of(Threat.TRAINING_DATA_LEAKAGE),
            EnumSet.of(SecurityObjective.DATA_SECURITY_AND_RELIABILITY)),
    /** Zero-knowledge certification. */
    ZERO_KNOWLEDGE_PROOF(
            "Zero-knowledge certification",
            TechniqueFamily.PRIVACY_COMPUTING,
            EnumSet.of(LifeCyclePhase.DESIGN_AND_MANUFACTURING),
            EnumSet.of(Threat.TRAINING_DATA_LEAKAGE),
            EnumSet.of(SecurityObjective.DATA_SECURITY_AND_RELIABILITY)),
    /** Differential privacy. */
    DIFFERENTIAL_PRIVACY(
            "Differential privacy",
            TechniqueFamily.PRIVACY_COMPUTING,
            EnumSet.of(LifeCyclePhase.DESIGN_AND_MANUFACTURING),
            EnumSet.of(
                    Threat.TRAINING_DATA_LEAKAGE,
                    Threat.REVERSE_DATA_RECOVERY,
                    Threat.MEMBER_REASONING_ATTACK,
                    Threat.ATTRIBUTE_INFERENCE_ATTACK),
            EnumSet.of(SecurityObjective.DATA_SECURITY_AND_RELIABILITY)),
    /** Trusted execution environment. */
    TRUSTED_EXECUTION_ENVIRONMENT(
            "Trusted execution environment",
            TechniqueFamily.PRIVACY_COMPUTING,
            EnumSet.of(LifeCyclePhase.DEPLOYMENT_AND_APPLICATION),
            EnumSet.of(Threat.TRAINING_DATA_LEAKAGE, Threat.UNAUTHORIZED_ACCESS),
            EnumSet.of(SecurityObjective.DATA_SECURITY_AND_RELIABILITY)),
    /** Federated learning. */
    FEDERATED_LEARNING(
            "Federated learning",
            TechniqueFamily.PRIVACY_COMPUTING,
            EnumSet.of(LifeCyclePhase.DESIGN_AND_MANUFACTURING),
            EnumSet.of(Threat.TRAINING_DATA_LEAKAGE),
            EnumSet.of(SecurityObjective.DATA_SECURITY_AND_RELIABILITY)),
    /** Data security label. */
    DATA_SECURITY_LABEL(
            "Data security label",
            TechniqueFamily.DATA_TRACING,
            EnumSet.of(LifeCyclePhase.DESIGN_AND_MANUFACTURING),
            EnumSet.of(Threat.TRAINING_DATA_POISONING, Threat.TRAINING_DATA_LEAKAGE),
            EnumSet.of(SecurityObjective.INCIDENT_TRACEABILITY, SecurityObjective.DATA_SECURITY_AND_RELIABILITY)),
    /** Block-chain traceability. */
    BLOCK_CHAIN_TRACEABILITY(
            "Block-chain traceability",
            TechniqueFamily.DATA_TRACING,
            EnumSet.of(LifeCyclePhase.DESIGN_AND_MANUFACTURING),
            EnumSet.of(Threat.TRAINING_DATA_POISONING),
            EnumSet.of(SecurityObjective.INCIDENT_TRACEABILITY)),
    /** Abnormal data detection and deletion. */
    ABNORMAL_DATA_DETECTION(
            "Abnormal data detection and deletion",
            TechniqueFamily.DATA_CLEANING,
            EnumSet.of(LifeCyclePhase.DESIGN_AND_MANUFACTURING),
            EnumSet.of(Threat.TRAINING_DATA_POISONING, Threat.ADVERSARIAL_EXAMPLES_ATTACK),
            EnumSet.of(SecurityObjective.DATA_SECURITY_AND_RELIABILITY)),
    /** Problem data reconstruction. */
    PROBLEM_DATA_RECONSTRUCTION(
            "Problem data reconstruction",
            TechniqueFamily.DATA_CLEANING,
            EnumSet.of(LifeCyclePhase.DESIGN_AND_MANUFACTURING),
            EnumSet.of(Threat.ADVERSARIAL_EXAMPLES_ATTACK, Threat.ALGORITHM_BACKDOOR_ATTACK),
            EnumSet.of(SecurityObjective.DATA_SECURITY_AND_RELIABILITY)),
    /** Problem data repair. */
    PROBLEM_DATA_REPAIR(
            "Problem data repair",
            TechniqueFamily.DATA_CLEANING,
            EnumSet.of(LifeCyclePhase.DESIGN_AND_MANUFACTURING),
            EnumSet.of(Threat.TRAINING_DATA_POISONING),
            EnumSet.of(SecurityObjective.DATA_SECURITY_AND_RELIABILITY)),
    /** Data distribution modification. */
    DATA_DISTRIBUTION_MODIFICATION(
            "Data distribution modification",
            TechniqueFamily.DATA_FAIRNESS,
            EnumSet.of(LifeCyclePhase.DESIGN_AND_MANUFACTURING),
            EnumSet.of(Threat.UNBALANCED_TRAINING_DATA, Threat.BIAS_DISCRIMINATION),
            EnumSet.of(SecurityObjective.FAIRNESS_AND_JUSTICE)),
    /** Data leakage security evaluation. */
    DATA_LEAKAGE_EVALUATION(
            "Data leakage security evaluation",
            TechniqueFamily.DATA_EVALUATION,
            EnumSet.of(
                    LifeCyclePhase.DESIGN_AND_MANUFACTURING,
                    LifeCyclePhase.MAINTENANCE_AND_UPGRADING,
                    LifeCyclePhase.ABANDONMENT_AND_DESTRUCTION),
            EnumSet.of(
                    Threat.TRAINING_DATA_LEAKAGE,
                    Threat.REVERSE_DATA_RECOVERY,
                    Threat.MEMBER_REASONING_ATTACK,
                    Threat.ATTRIBUTE_INFERENCE_ATTACK,
                    Threat.PERSONAL_PRIVACY_LEAKAGE),
            EnumSet.of(SecurityObjective.DATA_SECURITY_AND_RELIABILITY)),
    /** Code auditing. */
    CODE_AUDITING(
            "Code auditing",
            TechniqueFamily.VULNERABILITY_MINING,
            EnumSet.of(LifeCyclePhase.DESIGN_AND_MANUFACTURING),
            EnumSet.of(Threat.CODE_SECURITY_VULNERABILITY, Threat.CODE_VULNERABILITY_EXPLOITATION),
            EnumSet.of(SecurityObjective.RELIABLE_AND_CONTROLLABLE_FUNCTIONS)),
    /** Fuzzy testing. */
    FUZZ_TESTING(
            "Fuzzy testing",
            TechniqueFamily.VULNERABILITY_MINING,
            EnumSet.of(LifeCyclePhase.DESIGN_AND_MANUFACTURING),
            EnumSet.of(Threat.CODE_SECURITY_VULNERABILITY, Threat.CODE_VULNERABILITY_EXPLOITATION),
            EnumSet.of(SecurityObjective.RELIABLE_AND_CONTROLLABLE_FUNCTIONS)),
    /** Security response mechanism. */
    SECURITY_RESPONSE(
            "Security response mechanism",
            TechniqueFamily.VULNERABILITY_MINING,
            EnumSet.noneOf(LifeCyclePhase.class),
            EnumSet.of(Threat.CODE_SECURITY_VULNERABILITY, Threat.UNTIMELY_PROBLEM_DETECTION),
            EnumSet.of(SecurityObjective.RELIABLE_AND_CONTROLLABLE_FUNCTIONS)),
    /** Model file verification. */
    MODEL_FILE_VERIFICATION(
            "Model file verification",
            TechniqueFamily.MODEL_VERIFICATION,
            EnumSet.of(LifeCyclePhase.DESIGN_AND_MANUFACTURING),
            EnumSet.of(Threat.CODE_VULNERABILITY_EXPLOITATION, Threat.ALGORITHM_BACKDOOR_EMBEDDING),
            EnumSet.of(SecurityObjective.RELIABLE_AND_CONTROLLABLE_FUNCTIONS)),
    /** Trusted environment deployment. */
    TRUSTED_ENVIRONMENT_DEPLOYMENT(
            "Trusted environment deployment",
            TechniqueFamily.SECURITY_DEPLOYMENT,
            EnumSet.of(LifeCyclePhase.DEPLOYMENT_AND_APPLICATION),
            EnumSet.of(Threat.UNAUTHORIZED_ACCESS, Threat.CODE_VULNERABILITY_EXPLOITATION),
            EnumSet.of(SecurityObjective.RELIABLE_AND_CONTROLLABLE_FUNCTIONS));

    private final String title;
    private final TechniqueFamily family;
    private final Set<LifeCyclePhase> phases;
    private final Set<Threat> threats;
    private final Set<SecurityObjective> objectives;

    Technique(
            String title,
            TechniqueFamily family,
            EnumSet<LifeCyclePhase> phases,
            EnumSet<Threat> threats,
            EnumSet<SecurityObjective> objectives) {
        this.title = title;
        this.family = family;
        this.phases = Collections.unmodifiableSet(phases);
        this.threats = Collections.unmodifiableSet(threats);
        this.objectives = Collections.unmodifiableSet(objectives);
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
     * Returns the group that it belongs to.
     *
     * @return the family
     */
    public TechniqueFamily family() {
        return family;
    }

    /**
     * Returns the clause of the report.
     *
     * @return for example {@code 7.3.1-3}: clause 7.3.1, item 3
     */
    public String clause() {
        return family.clause();
    }

    /**
     * Returns the phases in which Table 3 lists it.
     *
     * @return empty only for {@link #SECURITY_RESPONSE}; unmodifiable
     */
    public Set<LifeCyclePhase> phases() {
        return phases;
    }

    /**
     * Returns the threats of Table 1 that it works against.
     *
     * @return at least one; unmodifiable
     */
    public Set<Threat> threats() {
        return threats;
    }

    /**
     * Returns the objectives of Table 2 that it serves.
     *
     * @return at least one; unmodifiable
     */
    public Set<SecurityObjective> objectives() {
        return objectives;
    }
}
