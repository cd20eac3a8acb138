package dev.twofold.gguf;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.family.Families;
import dev.twofold.family.Family;
import java.util.List;
import java.util.Map;

/**
 * An architecture of llama.cpp, as data: which family of models it is, what its files call what config.json has, and in
 * what their tensors differ from those of checkpoints. Made from a YAML file, which may say {@code like: llama}.
 *
 * @param covers the models that people know, for documents
 * @param modelType the family, as {@code model_type} of config.json
 * @param modelClass the class in transformers
 * @param variants other files for the same architecture, by the key of the metadata that tells them, if it says anything
 * @param rotaryFraction key of config.json for the part of a head that turns; empty if it is the whole
 * @param rotaryCount key of config.json for how many elements of a head turn; empty if there is none
 * @param scoresByHiddenSize number of layers of the one model whose scores are divided by the root of the hidden size over the
 *     heads; 0 if there is none
 * @param yarnInFractions whether YaRN blends frequencies from and to fractions of a pair, as llama.cpp does not
 * @param windowsUnused whether llama.cpp reads the windows of its files and does not use them
 * @param windowedLayers number of layers of the one model in which llama.cpp uses windows; 0 if it does so in all
 * @param config keys of config.json
 * @param harmless keys of the metadata, without the architecture's name, that change nothing beyond what is read
 * @param family what differs from the family of that model type: names of tensors, and how they lie
 */
public record Architecture(
        String covers,
        String modelType,
        String modelClass,
        Map<String, String> variants,
        String rotaryFraction,
        String rotaryCount,
        int scoresByHiddenSize,
        boolean yarnInFractions,
        boolean windowsUnused,
        int windowedLayers,
        Map<String, ConfigValue> config,
        List<String> harmless,
        ObjectNode family) {

    public Architecture {
        variants = variants == null ? Map.of() : Map.copyOf(variants);
        rotaryFraction = rotaryFraction == null ? "" : rotaryFraction;
        rotaryCount = rotaryCount == null ? "" : rotaryCount;
        config = Map.copyOf(config);
        harmless = harmless == null ? List.of() : List.copyOf(harmless);
    }

    /** Whether a part of a head may turn. */
    public boolean turnsInPart() {
        return !rotaryFraction.isEmpty() || !rotaryCount.isEmpty();
    }

    /** The family, with the names and layouts of this architecture's tensors. */
    public Family described() {
        return Families.differing(modelType, family);
    }
}
