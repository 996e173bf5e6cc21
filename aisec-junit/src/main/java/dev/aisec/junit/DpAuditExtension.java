// SPDX-License-Identifier: Apache-2.0
package dev.aisec.junit;

import dev.aisec.privacy.leakage.MechanismAudit;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.platform.commons.support.AnnotationSupport;

/** Makes the auditor of a method, and sees to it that it is asked. */
final class DpAuditExtension implements ParameterResolver, AfterTestExecutionCallback {
    private static final ExtensionContext.Namespace NAMESPACE =
            ExtensionContext.Namespace.create(DpAuditExtension.class);

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == DpAuditor.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        // One for all parameters of the method: the allowed probability of a false alarm is shared by all comparisons.
        return context.getStore(NAMESPACE).computeIfAbsent(DpAuditor.class, key -> auditor(context), DpAuditor.class);
    }

    private static DpAuditor auditor(ExtensionContext context) {
        DpAudit claim = AnnotationSupport.findAnnotation(context.getRequiredTestMethod(), DpAudit.class)
                .orElseThrow();
        return new DpAuditor(
                new MechanismAudit(claim.epsilon(), claim.delta(), claim.samples(), claim.falseAlarm()),
                context.getRequiredTestClass().getSimpleName() + "." + context.getDisplayName(),
                context::publishReportEntry);
    }

    @Override
    public void afterTestExecution(ExtensionContext context) {
        DpAuditor auditor = context.getStore(NAMESPACE).get(DpAuditor.class, DpAuditor.class);
        if (context.getExecutionException().isEmpty() && (auditor == null || auditor.comparisons() == 0)) {
            throw new AssertionError("a method with @DpAudit must compare at least once, "
                    + context.getRequiredTestMethod().getName() + " did not");
        }
    }
}
