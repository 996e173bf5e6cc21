// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core;

/** The phases of the life cycle of using AI technology (ITU-T XSTR-SEC-AI, clause 5, Table 3). */
public enum LifeCyclePhase {
    /** Design, implementation and testing. */
    DESIGN_AND_MANUFACTURING("Design and manufacturing"),
    /** Installation in the target environment and operation. */
    DEPLOYMENT_AND_APPLICATION("Deployment and application"),
    /** Modification after delivery. */
    MAINTENANCE_AND_UPGRADING("Maintenance and upgrading"),
    /** Abandoning and destroying data, model or system. */
    ABANDONMENT_AND_DESTRUCTION("Abandonment and destruction");

    private final String title;

    LifeCyclePhase(String title) {
        this.title = title;
    }

    /**
     * Returns the name as the report has it.
     *
     * @return for a reader
     */
    public String title() {
        return title;
    }
}
