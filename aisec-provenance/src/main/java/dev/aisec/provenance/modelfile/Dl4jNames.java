// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.util.Set;
import java.util.regex.Pattern;

/** What is known of the names in configurations of Deeplearning4j and ND4J. */
final class Dl4jNames {
    /** Packages that hold nothing but configuration and numeric functions. */
    private static final Pattern CLASSES = Pattern.compile("org\\.deeplearning4j\\.(?:"
            + "nn\\.conf\\.(?:(?:constraint|distribution|dropout|graph|graph\\.rnn|inputs|layers|layers\\.convolutional"
            + "|layers\\.misc|layers\\.objdetect|layers\\.recurrent|layers\\.util|layers\\.variational|layers\\.wrapper|ocnn"
            + "|preprocessor|stepfunctions|weightnoise|memory)\\.)?[A-Z][A-Za-z0-9]*(?:\\$[A-Z][A-Za-z0-9]*)?"
            + "|nn\\.weights\\.(?:embeddings\\.)?[A-Z][A-Za-z0-9]*"
            + "|nn\\.modelimport\\.keras\\.preprocessors\\.[A-Z][A-Za-z0-9]*|preprocessors\\.[A-Z][A-Za-z0-9]*)"
            + "|org\\.nd4j\\.linalg\\.(?:activations\\.impl|learning\\.config|learning\\.regularization|lossfunctions\\.impl"
            + "|schedule)\\.[A-Z][A-Za-z0-9]*"
            + "|org\\.nd4j\\.evaluation\\.(?:classification|regression)\\.[A-Z][A-Za-z0-9]*");

    /** Short names of releases up to 1.0.0-alpha, by what they stand for. */
    private static final Set<String> LAYERS = Set.of(
            "autoEncoder",
            "convolution",
            "convolution1d",
            "gravesLSTM",
            "LSTM",
            "gravesBidirectionalLSTM",
            "output",
            "CenterLossOutputLayer",
            "rnnoutput",
            "loss",
            "dense",
            "subsampling",
            "subsampling1d",
            "batchNormalization",
            "localResponseNormalization",
            "embedding",
            "activation",
            "VariationalAutoencoder",
            "dropout",
            "GlobalPooling",
            "zeroPadding",
            "zeroPadding1d",
            "FrozenLayer",
            "Upsampling2D",
            "Yolo2OutputLayer",
            "RnnLossLayer",
            "CnnLossLayer",
            "Bidirectional",
            "SimpleRnn",
            "ElementWiseMult",
            "MaskLayer",
            "MaskZeroLayer",
            "Cropping1D",
            "Cropping2D",
            "RBM",
            "imageLSTM",
            "recursiveAutoEncoder",
            "GRU");

    private static final Set<String> VERTICES = Set.of(
            "ElementWiseVertex",
            "MergeVertex",
            "SubsetVertex",
            "LayerVertex",
            "LastTimeStepVertex",
            "ReverseTimeSeriesVertex",
            "DuplicateToTimeSeriesVertex",
            "PreprocessorVertex",
            "StackVertex",
            "UnstackVertex",
            "L2Vertex",
            "ScaleVertex",
            "ShiftVertex",
            "ReshapeVertex",
            "PoolHelperVertex",
            "L2NormalizeVertex");

    private static final Set<String> PREPROCESSORS = Set.of(
            "cnnToFeedForward",
            "cnnToRnn",
            "composableInput",
            "feedForwardToCnn",
            "feedForwardToRnn",
            "rnnToFeedForward",
            "rnnToCnn",
            "unitVariance",
            "zeroMean",
            "zeroMeanAndUnitVariance",
            "binomialSampling",
            "reshape");

    /** Libraries whose classes are known to do things when JSON or a stream makes one. */
    private static final Pattern GADGETS = Pattern.compile(
            "(?:javax?|com\\.sun|sun|jdk|com\\.oracle|oracle|com\\.ibm)\\..*"
                    + "|org\\.(?:apache|springframework|hibernate|codehaus|mozilla|python|jboss|quartz|jdom|eclipse|aspectj"
                    + "|mortbay|slf4j|logback|postgresql|h2|hsqldb|objectweb|reflections|yaml|bouncycastle)\\..*"
                    + "|com\\.(?:mchange|zaxxer|mysql|newrelic|nqadmin|p6spy|caucho|alibaba|rometools|fasterxml|google|pastdev)\\..*"
                    + "|(?:ch\\.qos|br\\.com|groovy|bsh|clojure|scala|kotlin|net\\.sf|flex|jodd|freemarker|javassist|cglib"
                    + "|org\\.nd4j\\.shade)\\..*",
            Pattern.DOTALL);

    private Dl4jNames() {}

    /** What is known of a class that a configuration names. */
    static Standing ofClass(String name) {
        if (CLASSES.matcher(name).matches()) {
            return Standing.KNOWN;
        }
        return GADGETS.matcher(name).matches() ? Standing.DANGEROUS : Standing.UNKNOWN;
    }

    static Standing ofLayer(String shortName) {
        return known(LAYERS, shortName);
    }

    static Standing ofVertex(String shortName) {
        return known(VERTICES, shortName);
    }

    static Standing ofPreprocessor(String shortName) {
        return known(PREPROCESSORS, shortName);
    }

    private static Standing known(Set<String> names, String name) {
        return names.contains(name) ? Standing.KNOWN : Standing.UNKNOWN;
    }
}
