// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PmmlFormatTest {
    private static final String ROOT = "<PMML version=\"4.4\" xmlns=\"http://www.dmg.org/PMML-4_4\">";
    private static final String HEAD = "<Header/><DataDictionary><DataField name=\"x\" optype=\"continuous\""
            + " dataType=\"double\"/></DataDictionary>";
    private static final String MODEL = "<RegressionModel modelName=\"m\" functionName=\"regression\"><MiningSchema>"
            + "<MiningField name=\"x\"/><MiningField name=\"y\" usageType=\"target\"/></MiningSchema>"
            + "<RegressionTable intercept=\"1.0\"><NumericPredictor name=\"x\" coefficient=\"2.5e-1\"/></RegressionTable>"
            + "</RegressionModel>";

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String document(String content) {
        return "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n" + ROOT + HEAD + content + "</PMML>\n";
    }

    private static void refused(String document, String code) {
        Verified.refused(utf8(document), "m.pmml", code);
    }

    // --- accepted ---

    @Test
    void read_regression_acceptedWithModelAndNumbers() {
        ModelStructure model =
                Verified.accepted(utf8(document(MODEL)), "m.pmml").structure();
        assertThat(model.format()).isEqualTo("pmml");
        assertThat(model.operators())
                .containsExactly(new Operator("m", "pmml.RegressionModel", List.of("x"), List.of("y")));
        assertThat(model.tensors())
                .extracting(Tensor::name)
                .containsExactly("m/RegressionTable@intercept", "m/NumericPredictor@coefficient");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<!-- a <!DOCTYPE in a comment - is text -->",
                "<Extension name=\"x\" value=\"y\"><any xmlns=\"urn:x\" a='1'/></Extension>",
                "<TransformationDictionary><DefineFunction name=\"f\" optype=\"continuous\"><ParameterField name=\"p\"/>"
                        + "<Apply function=\"+\"><FieldRef field=\"p\"/><Constant>1</Constant></Apply></DefineFunction>"
                        + "<DerivedField name=\"d\" optype=\"continuous\" dataType=\"double\"><Apply function=\"f\">"
                        + "<FieldRef field=\"x\"/></Apply></DerivedField></TransformationDictionary>",
                "<ClusteringModel functionName=\"clustering\"><Cluster><Array n=\"3\" type=\"real\">1 2.5\n -3E2</Array>"
                        + "</Cluster></ClusteringModel>",
                "<ClusteringModel functionName=\"clustering\"><Array n=\"2\" type=\"string\">\"a b\" c</Array></ClusteringModel>",
                "<TreeModel functionName=\"classification\"><Node score=\"a &amp; b &#228; &lt;\"><True/></Node></TreeModel>",
                "<MiningBuildTask><Extension><![CDATA[ anything <!DOCTYPE a> ]] ]]></Extension></MiningBuildTask>",
                "<p:Annotation xmlns:p=\"http://www.dmg.org/PMML-4_4\">text</p:Annotation>"
            })
    void read_ordinaryContent_accepted(String content) {
        Verified.accepted(utf8(document(content + MODEL)), "m.pmml");
    }

    @ParameterizedTest
    @ValueSource(strings = {"3.0", "3.2", "4.0", "4.1", "4.2.1", "4.3", "4.4", "4.4.1"})
    void read_version_accepted(String version) {
        String space = version.substring(0, 3).replace('.', '_');
        String root = "<PMML xmlns='http://www.dmg.org/PMML-" + space + "' version='" + version
                + "' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:schemaLocation='a b'>";
        Verified.accepted(utf8(root + HEAD + MODEL + "</PMML>"), "m.pmml");
    }

    @Test
    void read_encodings_acceptedIfAsciiIsAscii() {
        String named = ROOT + "<Header copyright=\"\u00e4\"/></PMML>";
        Verified.accepted(utf8("\ufeff" + named), "m.pmml");
        Verified.accepted(
                ("<?xml version='1.0' encoding='ISO-8859-1'?>" + named).getBytes(StandardCharsets.ISO_8859_1),
                "m.pmml");
        Verified.accepted(utf8(ROOT + HEAD.replace("><", ">\r\n\t<") + "</PMML>"), "m.pmml");
    }

    @Test
    void read_deepTree_accepted() {
        String nodes = "<Node id=\"a\" score=\"1\"><True/>".repeat(300) + "</Node>".repeat(300);
        Verified.accepted(utf8(document("<TreeModel functionName=\"regression\">" + nodes + "</TreeModel>")), "m.pmml");
    }

    // --- entities ---

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<!DOCTYPE PMML [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>",
                "<!DOCTYPE PMML SYSTEM \"http://evil.example/x.dtd\">",
                "<!DOCTYPE PMML [<!ENTITY % p SYSTEM \"http://evil.example/x\"> %p;]>",
                "<!doctype PMML>",
                "<!ENTITY e \"x\">",
                "<!-- c --><!DOCTYPE PMML [<!ENTITY a \"a\"><!ENTITY b \"&a;&a;&a;\">]>"
            })
    void read_documentType_refused(String type) {
        refused("<?xml version=\"1.0\"?>" + type + ROOT + HEAD + "</PMML>", "pmml.dtd");
    }

    @Test
    void read_undeclaredEntity_refused() {
        refused(document("<Annotation>&e;</Annotation>"), "pmml.dtd");
        refused(document("<Annotation a=\"&e;\"/>"), "pmml.dtd");
    }

    @Test
    void read_processingInstruction_refused() {
        refused(
                "<?xml version=\"1.0\"?><?xml-stylesheet href=\"http://evil.example/x.xsl\"?>" + ROOT + "</PMML>",
                "pmml.processing-instruction");
        refused(document("<?php system('id') ?>"), "pmml.processing-instruction");
        refused(document(MODEL) + "<?x y?>", "pmml.processing-instruction");
    }

    @Test
    void read_inclusion_refused() {
        refused(
                document("<xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" href=\"file:///etc/passwd\"/>"),
                "pmml.inclusion");
        refused(document("<Annotation xml:base=\"http://evil.example/\"/>"), "pmml.inclusion");
    }

    @ParameterizedTest
    @ValueSource(strings = {"UTF-16", "UTF-16LE", "UTF-16BE", "UTF-32", "IBM037"})
    void read_otherEncoding_refused(String charset) {
        String text = "<?xml version=\"1.0\" encoding=\"" + charset + "\"?>" + ROOT + HEAD + MODEL + "</PMML>";
        Verified.refused(text.getBytes(Charset.forName(charset)), "m.pmml", "pmml.encoding");
    }

    @ParameterizedTest
    @ValueSource(strings = {"UTF-7", "utf-16", "EBCDIC-CP-US", "windows-1252", "x-user"})
    void read_otherDeclaredEncoding_refused(String encoding) {
        refused("<?xml version=\"1.0\" encoding=\"" + encoding + "\"?>" + ROOT + "</PMML>", "pmml.encoding");
    }

    @Test
    void read_utf7OrInvalidUtf8_refused() {
        refused("+ADw-?xml version=+ACI-1.0+ACI-?+AD4-" + ROOT, "pmml.encoding");
        byte[] overlong = utf8(document("<Annotation>##</Annotation>"));
        int at = new String(overlong, StandardCharsets.ISO_8859_1).indexOf("##");
        overlong[at] = (byte) 0xc0;
        overlong[at + 1] = (byte) 0xbc;
        Verified.refused(overlong, "m.pmml", "pmml.encoding");
        Verified.refused(
                ("<?xml version='1.0' encoding='US-ASCII'?>" + ROOT + "<Header a='\u00e4'/></PMML>")
                        .getBytes(StandardCharsets.ISO_8859_1),
                "m.pmml",
                "pmml.encoding");
    }

    // --- floods ---

    @Test
    void read_deepElements_refused() {
        refused(document("<Extension>".repeat(20_000)), "file.too-deep");
    }

    @Test
    void read_manyAttributes_refused() {
        StringBuilder flood = new StringBuilder("<Header");
        for (int i = 0; i < 100_000; i++) {
            flood.append(" a").append(i).append("='1'");
        }
        refused(document(flood + "/>"), "file.too-many");
        refused(document("<Header a='" + "x".repeat(2 << 20) + "'/>"), "file.too-large");
    }

    // --- form ---

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<Header a='1' a='2'/>",
                "<Header a='1'b='2'/>",
                "<Header a='<'/>",
                "<Header></Footer>",
                "<1/>",
                "<!-- a -- b -->",
                "<x:Header/>",
                "<Header a=1/>",
                "&#0;",
                "&#xFFFE;",
                "\u0001"
            })
    void read_notWellFormed_refused(String content) {
        refused(document(content), "pmml.malformed");
    }

    @Test
    void read_secondRootOrTail_refused() {
        refused(document(MODEL) + ROOT + "</PMML>", "pmml.malformed");
        refused(document(MODEL) + "tail", "pmml.malformed");
    }

    @Test
    void read_otherRoot_refused() {
        refused("<PMML version=\"4.4\"><Header/></PMML>", "pmml.namespace");
        refused("<PMML version=\"9.9\" xmlns=\"http://www.dmg.org/PMML-4_4\"/>", "pmml.namespace");
        refused("<PMML version=\"4.4\" xmlns=\"http://evil.example/PMML-4_4\"/>", "pmml.namespace");
    }

    // --- functions and numbers ---

    @ParameterizedTest
    @ValueSource(
            strings = {"java.lang.Runtime.exec", "com.example.Evil", "org.jpmml.evaluator.functions.X", "system", ""})
    void read_functionThatIsAClass_refused(String function) {
        refused(
                document("<TransformationDictionary><DerivedField name='d'><Apply function='" + function
                        + "'/></DerivedField></TransformationDictionary>"),
                "pmml.function");
    }

    @Test
    void read_definedFunctionWithNameOfAClass_refused() {
        refused(
                document("<TransformationDictionary><DefineFunction name='java.lang.Foo'><Apply function='+'/>"
                        + "</DefineFunction><DerivedField name='d'><Apply function='java.lang.Foo'/></DerivedField>"
                        + "</TransformationDictionary>"),
                "pmml.function");
    }

    @Test
    void read_functionThatCallsItself_refused() {
        refused(
                document("<TransformationDictionary><DefineFunction name='f'><Apply function='g'/></DefineFunction>"
                        + "<DefineFunction name='g'><Apply function='f'/></DefineFunction></TransformationDictionary>"),
                "pmml.recursion");
    }

    @Test
    void read_parameterThatIsNoNumber_refused() {
        refused(document(MODEL.replace("2.5e-1", "${jndi:x}")), "pmml.number");
        refused(document(MODEL.replace("2.5e-1", "0x1p3")), "pmml.number");
    }

    @Test
    void read_arraysOfOtherSizes_refused() {
        refused(document("<Array n='2' type='real'>1 2 3</Array>"), "pmml.array");
        refused(document("<REAL-SparseArray n='2147483647'/>"), "pmml.array");
        refused(document("<Matrix nbRows='100000' nbCols='100000'/>"), "pmml.array");
    }

    // --- robustness ---

    @Test
    void read_anyBeginning_notAccepted() {
        byte[] document = utf8(document(MODEL).strip());
        Verified.truncated(document, "m.pmml", 1);
    }

    @Test
    void read_mutatedDocument_answered() {
        Verified.mutated(
                utf8(document("<Array n='2' type='int'>1 2</Array><![CDATA[ x ]]><!-- c -->&amp;" + MODEL)),
                "m.pmml",
                1500,
                5);
    }
}
