package dev.twofold.target.transformers;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.decoder.Decoder;
import dev.twofold.stepwise.NamedWeight;
import dev.twofold.stepwise.StepwiseConfig;
import dev.twofold.stepwise.StepwiseWeights;
import java.util.List;

/** Any decoder, in Twofold's own architecture. */
record StepwiseForm(Decoder decoder) implements CheckpointForm {

    private static final String ARCHITECTURE = "TwofoldForCausalLM";

    @Override
    public String architecture() {
        return ARCHITECTURE;
    }

    @Override
    public boolean bringsCode() {
        return true;
    }

    @Override
    public ObjectNode config() {
        ObjectNode config = JsonNodeFactory.instance.objectNode();
        config.putArray("architectures").add(ARCHITECTURE);
        ObjectNode classes = config.putObject("auto_map");
        classes.put("AutoConfig", ModelCode.MODULE + ".TwofoldConfig");
        classes.put("AutoModel", ModelCode.MODULE + ".TwofoldModel");
        classes.put("AutoModelForCausalLM", ModelCode.MODULE + "." + ARCHITECTURE);
        config.put("model_type", StepwiseConfig.MODEL_TYPE);
        CheckpointForm.putCommon(config, decoder.facts(), decoder.precision());
        StepwiseConfig.of(decoder).write(config);
        return config;
    }

    @Override
    public List<NamedWeight> weights() {
        return StepwiseWeights.of(decoder);
    }
}
