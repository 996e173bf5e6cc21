// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.provenance.internal.Text;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** What a PMML document says: models, functions, numbers. */
final class PmmlReader implements XmlReader.Handler {
    static final Rule NAMESPACE = Rule.reject(
            "pmml.namespace", "The root is not an element PMML of a version from 3.0 to 4.4.", "PMML 4.4.1");
    static final Rule INCLUSION =
            Rule.reject("pmml.inclusion", "The document includes another one, which a reader would fetch.", "CWE-611");
    static final Rule FUNCTION = Rule.reject(
            "pmml.function",
            "A function is neither built in nor defined in the document; evaluators load it as a class by its name.",
            "CWE-470");
    static final Rule RECURSION =
            Rule.reject("pmml.recursion", "A function calls itself, so evaluating it may not end.", "CWE-674");
    static final Rule NUMBER = Rule.reject("pmml.number", "A parameter is not a number.", "PMML 4.4.1, REAL-NUMBER");
    static final Rule ARRAY =
            Rule.reject("pmml.array", "An array or a matrix declares another size than it has.", "CWE-789");
    static final Rule EXTENSION =
            Rule.note("pmml.extension", "The document has content of a vendor, whose meaning is not known here.", "");

    static final List<Rule> RULES = List.of(
            XmlReader.DTD,
            XmlReader.INSTRUCTION,
            XmlReader.ENCODING,
            XmlReader.MALFORMED,
            NAMESPACE,
            INCLUSION,
            FUNCTION,
            RECURSION,
            NUMBER,
            ARRAY,
            EXTENSION);

    private static final Pattern SPACE = Pattern.compile("http://www\\.dmg\\.org/PMML-([34])_([0-9])(_[0-9])?");
    private static final Pattern REAL = Pattern.compile("[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]{1,6})?");
    private static final Pattern VERSION = Pattern.compile("(3\\.[0-2]|4\\.[0-4])(\\.[0-9])?");
    private static final int MOST_CELLS = 1 << 24;
    private static final int PART = 1 << 16;
    private static final int MOST_NAME = 4096;
    private static final int MOST_NAMES = 1 << 24;

    private static final Set<String> FUNCTIONS =
            Set.of(("+ - * / min max sum avg median product log10 ln sqrt abs exp pow"
                            + " threshold floor ceil round rint modulo isMissing isNotMissing isValid isNotValid equal notEqual"
                            + " lessThan lessOrEqual greaterThan greaterOrEqual and or not isIn isNotIn if uppercase lowercase"
                            + " stringLength substring trimBlanks concat replace matches formatNumber formatDatetime"
                            + " dateDaysSinceYear dateSecondsSinceYear dateSecondsSinceMidnight expm1 hypot ln1p sin asin sinh"
                            + " cos acos cosh tan atan tanh normalCDF normalPDF stdNormalCDF stdNormalPDF erf normalIDF"
                            + " stdNormalIDF x-atan2 atan2")
                    .split(" "));

    private static final Set<String> MODELS = Set.of(("AnomalyDetectionModel AssociationModel BayesianNetworkModel"
                    + " BaselineModel ClusteringModel GaussianProcessModel GeneralRegressionModel MiningModel"
                    + " NaiveBayesModel NearestNeighborModel NeuralNetwork RegressionModel RuleSetModel Scorecard"
                    + " SequenceModel SupportVectorMachineModel TextModel TimeSeriesModel TreeModel")
            .split(" "));

    /** Attributes that are parameters, by element. */
    private static final Map<String, List<String>> NUMBERS = new HashMap<>();

    static {
        for (String entry :
                ("RegressionTable:intercept NumericPredictor:coefficient,exponent CategoricalPredictor:coefficient"
                                + " PredictorTerm:coefficient Con:weight Neuron:bias,width,altitude NeuralNetwork:threshold,width,altitude"
                                + " NeuralLayer:threshold,width,altitude LinearNorm:orig,norm Coefficient:value"
                                + " Coefficients:absoluteValue PCell:beta,df PCovCell:value GaussianDistribution:mean,variance"
                                + " PoissonDistribution:mean UniformDistribution:lower,upper AnyDistribution:mean,variance"
                                + " Segment:weight Attribute:partialScore Scorecard:initialScore,baselineScore"
                                + " Characteristic:baselineScore Target:rescaleConstant,rescaleFactor"
                                + " TargetValue:defaultValue,priorProbability ScoreDistribution:recordCount,probability,confidence"
                                + " TargetValueCount:count LinearKernelType: PolynomialKernelType:gamma,coef0,degree"
                                + " RadialBasisKernelType:gamma SigmoidKernelType:gamma,coef0 KohonenMap:coord1,coord2,coord3"
                                + " ClusteringField:fieldWeight,similarityScale SimpleRule:weight,confidence"
                                + " RadialBasisKernel:gamma,noiseVariance Lambda: ARDSquaredExponentialKernel:gamma,noiseVariance"
                                + " GeneralRegressionModel:offsetValue,distParameter,trialsValue BaseCumHazardTables:maxTime"
                                + " BaselineCell:time,cumHazard NormDiscrete: Level:alpha,smoothedValue"
                                + " SupportVectorMachine:threshold SupportVectorMachineModel:threshold NaiveBayesModel:threshold")
                        .split(" ")) {
            int colon = entry.indexOf(':');
            if (colon < entry.length() - 1) {
                NUMBERS.put(
                        entry.substring(0, colon),
                        List.of(entry.substring(colon + 1).split(",")));
            }
        }
    }

    /** Numbers of one kind, told as tensors part by part. */
    private final class Numbers {
        private final String name;
        private final ByteBuffer buffer = ByteBuffer.allocate(8 * 64);
        private ByteBuffer held = buffer;
        private int parts;

        Numbers(String name) {
            this.name = name;
        }

        void add(double value) throws IOException {
            if (!held.hasRemaining()) {
                if (held.capacity() >= 8 * PART) {
                    flush();
                } else {
                    ByteBuffer larger = ByteBuffer.allocate(held.capacity() * 2);
                    larger.put(held.flip());
                    held = larger;
                }
            }
            held.putDouble(value);
        }

        void flush() throws IOException {
            if (held.position() == 0) {
                return;
            }
            byte[] bytes = Arrays.copyOf(held.array(), held.position());
            Tensor tensor = new Tensor(
                    parts == 0 ? name : name + "#" + parts,
                    ElementType.F64,
                    ByteOrder.BIG_ENDIAN,
                    List.of(bytes.length / 8L),
                    Tensor.Role.PARAMETER);
            parts++;
            inspection.tensor(tensor);
            inspection.data(tensor, ByteSource.of(bytes));
            held.clear();
        }
    }

    /** A model element that is open. */
    private static final class Model {
        final int depth;
        final String type;
        final String name;
        final List<String> inputs = new ArrayList<>();
        final List<String> outputs = new ArrayList<>();

        Model(int depth, String type, String name) {
            this.depth = depth;
            this.type = type;
            this.name = name;
        }
    }

    private final Inspection inspection;
    private final List<String> path = new ArrayList<>();
    private final List<Model> models = new ArrayList<>();
    private final Map<String, Numbers> numbers = new LinkedHashMap<>();
    private final Map<String, Set<String>> defined = new HashMap<>();
    private final Map<String, Long> applied = new LinkedHashMap<>();
    private final StringBuilder token = new StringBuilder();
    private String defining = "";
    private int definingDepth;
    private String dmg = "";
    private String top = "";
    private int topModels;
    private int extensions;
    private long names;
    /** Names that are kept: each segment of an ensemble repeats those of the fields. */
    private final Map<String, String> known = new HashMap<>();

    private boolean regression;
    // The array that is open.
    private boolean inArray;
    private String arrayKey = "";
    private long arrayCount;
    private long arrayDeclared;

    PmmlReader(Inspection inspection) {
        this.inspection = inspection;
    }

    @Override
    public void start(String uri, String name, Map<String, String> attributes, long offset) throws IOException {
        endToken();
        if (path.isEmpty()) {
            root(uri, name, attributes, offset);
        }
        if (uri.startsWith("http://www.w3.org/2001/XInclude") || name.equals("include") && uri.contains("XInclude")) {
            throw new Refusal(INCLUSION, offset, "a document must not include others");
        }
        if (attributes.containsKey("xml:base")) {
            throw new Refusal(INCLUSION, offset, "a document must not set the base of addresses");
        }
        path.add(name);
        if (name.equals("Extension")) {
            if (extensions++ == 0) {
                inspection.report(
                        EXTENSION,
                        offset,
                        "the document has extensions, the first is "
                                + Text.quote(attributes.getOrDefault("name", attributes.getOrDefault("extender", ""))));
            }
            return;
        }
        if (uri.equals(dmg)) {
            element(name, attributes, offset);
        }
    }

    private void root(String uri, String name, Map<String, String> attributes, long offset) throws IOException {
        String version = attributes.getOrDefault("version", "");
        if (!name.equals("PMML") || !SPACE.matcher(uri).matches()) {
            throw new Refusal(
                    NAMESPACE,
                    offset,
                    "the root must be PMML of the namespace of the DMG, was " + Text.quote(name) + " of "
                            + Text.quote(uri));
        }
        if (!VERSION.matcher(version).matches()) {
            throw new Refusal(NAMESPACE, offset, "version must be in 3.0 to 4.4, was " + Text.quote(version));
        }
        dmg = uri;
        inspection.metadata("pmml.version", version);
    }

    private void element(String name, Map<String, String> attributes, long offset) throws IOException {
        if (MODELS.contains(name)) {
            if (models.isEmpty()) {
                top = kept(
                        attributes.getOrDefault("modelName", name + (topModels == 0 ? "" : "-" + topModels)), offset);
                topModels++;
                regression = "regression".equals(attributes.get("functionName"));
            }
            String type = "pmml." + name;
            inspection.uses(
                    Use.LAYER,
                    type,
                    Standing.KNOWN,
                    NAMESPACE,
                    offset,
                    "a model must be of an allowed kind, was " + type);
            models.add(new Model(path.size(), type, kept(attributes.getOrDefault("modelName", ""), offset)));
        }
        switch (name) {
            case "MiningField" -> {
                if (!models.isEmpty() && path.get(path.size() - 2).equals("MiningSchema")) {
                    Model model = models.get(models.size() - 1);
                    String usage = attributes.getOrDefault("usageType", "active");
                    List<String> list = usage.equals("active")
                            ? model.inputs
                            : usage.equals("target") || usage.equals("predicted") ? model.outputs : null;
                    if (list != null) {
                        if (list.size() >= inspection.limits().items()) {
                            throw new Refusal(
                                    FileRules.TOO_MANY, offset, "a model must not have more fields than items");
                        }
                        list.add(kept(attributes.getOrDefault("name", ""), offset));
                    }
                }
            }
            case "Apply" -> {
                String function = kept(attributes.getOrDefault("function", ""), offset);
                applied.putIfAbsent(function, offset);
                if (!defining.isEmpty()) {
                    defined.computeIfAbsent(defining, d -> new LinkedHashSet<>())
                            .add(function);
                }
                bounded(applied.size(), offset);
            }
            case "DefineFunction" -> {
                if (defining.isEmpty()) {
                    defining = kept(attributes.getOrDefault("name", ""), offset);
                    definingDepth = path.size();
                    if (defining.isEmpty() || defined.put(defining, new LinkedHashSet<>()) != null) {
                        throw new Refusal(
                                XmlReader.MALFORMED,
                                offset,
                                "functions must have unique names, was " + Text.quote(defining));
                    }
                    bounded(defined.size(), offset);
                }
            }
            case "Aggregate" -> {
                String function = attributes.getOrDefault("function", "");
                if (!Set.of("count", "sum", "average", "min", "max", "multiset").contains(function)) {
                    function(function, offset);
                }
            }
            case "Array", "INT-SparseArray", "REAL-SparseArray", "Matrix" -> sizes(name, attributes, offset);
            case "REAL-Entries", "INT-Entries", "MatCell", "Indices" -> array(name, -1);
            default -> {}
        }
        List<String> parameters = NUMBERS.getOrDefault(name, List.of());
        for (String attribute : parameters) {
            String value = attributes.get(attribute);
            if (value != null) {
                number(name + "@" + attribute, value.strip(), offset);
            }
        }
        if (name.equals("Node") && regression) {
            String score = attributes.get("score");
            if (score != null && !score.isBlank()) {
                number("Node@score", score.strip(), offset);
            }
        }
    }

    /** A name that is kept until the end. */
    private String kept(String name, long offset) throws IOException {
        String same = known.get(name);
        names += same == null ? 64 + name.length() : 8;
        if (name.length() > MOST_NAME || names > MOST_NAMES) {
            throw new Refusal(
                    FileRules.TOO_LARGE,
                    offset,
                    "names must have <= " + MOST_NAME + " characters, " + MOST_NAMES + " in all, have more");
        }
        if (same != null) {
            return same;
        }
        known.put(name, name);
        return name;
    }

    private void bounded(int size, long offset) throws IOException {
        inspection.step();
        if (size > inspection.limits().items()) {
            throw new Refusal(
                    FileRules.TOO_MANY,
                    offset,
                    "names must be <= " + inspection.limits().items() + ", are more");
        }
    }

    private void sizes(String name, Map<String, String> attributes, long offset) throws IOException {
        long declared = integer(name, attributes.getOrDefault("n", "-1"), offset);
        if (name.equals("Matrix")) {
            long rows = integer(name, attributes.getOrDefault("nbRows", "0"), offset);
            long columns = integer(name, attributes.getOrDefault("nbCols", "0"), offset);
            if (rows > MOST_CELLS || columns > MOST_CELLS || rows * columns > MOST_CELLS) {
                throw new Refusal(
                        ARRAY, offset, "a matrix must have <= " + MOST_CELLS + " cells, has " + rows + " x " + columns);
            }
            return;
        }
        if (declared > MOST_CELLS) {
            throw new Refusal(ARRAY, offset, "an array must have <= " + MOST_CELLS + " elements, has " + declared);
        }
        if (name.equals("Array") && !"string".equals(attributes.get("type"))) {
            array("Array", declared);
        }
    }

    private static long integer(String name, String value, long offset) throws IOException {
        if (!value.strip().matches("-?[0-9]{1,18}") || value.strip().matches("-0*[2-9].*")) {
            throw new Refusal(ARRAY, offset, "size of " + name + " must be a whole number, was " + Text.quote(value));
        }
        return Long.parseLong(value.strip());
    }

    private void array(String key, long declared) {
        inArray = true;
        arrayKey = key;
        arrayCount = 0;
        arrayDeclared = declared;
    }

    @Override
    public void text(int character) throws IOException {
        if (!inArray) {
            return;
        }
        if (character == ' ' || character == '\n' || character == '\t') {
            endToken();
        } else if (token.length() > 64) {
            throw new Refusal(
                    NUMBER, -1, "a number must have <= 64 characters, has more: " + Text.quote(token.toString()));
        } else {
            token.appendCodePoint(character);
        }
    }

    private void endToken() throws IOException {
        if (token.length() > 0) {
            arrayCount++;
            String text = token.toString();
            token.setLength(0);
            number(arrayKey, text, -1);
        }
    }

    private void number(String key, String text, long offset) throws IOException {
        inspection.step();
        double value;
        switch (text) {
            case "NaN" -> value = Double.NaN;
            case "INF", "+INF", "Infinity" -> value = Double.POSITIVE_INFINITY;
            case "-INF", "-Infinity" -> value = Double.NEGATIVE_INFINITY;
            default -> {
                if (text.length() > 64 || !REAL.matcher(text).matches()) {
                    throw new Refusal(NUMBER, offset, key + " must be a number, was " + Text.quote(text));
                }
                value = Double.parseDouble(text);
            }
        }
        String name = top.isEmpty() ? key : top + "/" + key;
        Numbers of = numbers.get(name);
        if (of == null) {
            of = new Numbers(name);
            numbers.put(name, of);
        }
        of.add(value);
    }

    @Override
    public void end(long offset) throws IOException {
        endToken();
        String name = path.get(path.size() - 1);
        if (inArray && name.equals(arrayKey)) {
            if (arrayDeclared >= 0 && arrayDeclared != arrayCount) {
                throw new Refusal(
                        ARRAY,
                        offset,
                        "an array must have as many elements as it says, " + arrayDeclared + ", has " + arrayCount);
            }
            inArray = false;
        }
        if (!defining.isEmpty() && path.size() == definingDepth) {
            defining = "";
        }
        if (!models.isEmpty() && models.get(models.size() - 1).depth == path.size()) {
            Model model = models.remove(models.size() - 1);
            inspection.operator(new Operator(model.name, model.type, model.inputs, model.outputs));
            if (models.isEmpty()) {
                flush();
                top = "";
            }
        }
        path.remove(path.size() - 1);
    }

    private void flush() throws IOException {
        for (Numbers of : numbers.values()) {
            of.flush();
        }
        numbers.clear();
    }

    /** Judges functions, once all definitions are known. */
    void finish() throws IOException {
        flush();
        for (Map.Entry<String, Long> use : applied.entrySet()) {
            function(use.getKey(), use.getValue());
        }
        Map<String, Integer> waiting = new HashMap<>();
        Map<String, List<String>> users = new HashMap<>();
        List<String> ended = new ArrayList<>();
        for (Map.Entry<String, Set<String>> function : defined.entrySet()) {
            int calls = 0;
            for (String called : function.getValue()) {
                inspection.step();
                if (defined.containsKey(called)) {
                    users.computeIfAbsent(called, c -> new ArrayList<>()).add(function.getKey());
                    calls++;
                }
            }
            waiting.put(function.getKey(), calls);
            if (calls == 0) {
                ended.add(function.getKey());
            }
        }
        for (int i = 0; i < ended.size(); i++) {
            for (String user : users.getOrDefault(ended.get(i), List.of())) {
                inspection.step();
                if (waiting.merge(user, -1, Integer::sum) == 0) {
                    ended.add(user);
                }
            }
        }
        for (String function : defined.keySet()) {
            if (waiting.getOrDefault(function, 0) > 0) {
                inspection.report(RECURSION, -1, "functions must not call themselves, was " + Text.quote(function));
                return;
            }
        }
    }

    private void function(String name, long offset) {
        // Evaluators look for a class first where the name has a dot, defined or not.
        boolean known = FUNCTIONS.contains(name) || defined.containsKey(name) && !name.contains(".");
        boolean dangerous = name.matches(
                "(java|javax|jakarta|jdk|sun|com\\.sun|groovy|org\\.codehaus|org\\.apache\\.commons|org\\.springframework|javassist"
                        + "|scala|clojure)\\..*");
        inspection.uses(
                known ? Use.OPERATOR : Use.GLOBAL,
                known ? "pmml." + name : name,
                known ? Standing.KNOWN : dangerous ? Standing.DANGEROUS : Standing.UNKNOWN,
                FUNCTION,
                offset,
                "a function must be built in or defined, was " + Text.quote(name));
    }
}
