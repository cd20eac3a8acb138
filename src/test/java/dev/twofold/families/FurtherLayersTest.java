package dev.twofold.families;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.IntNode;
import dev.twofold.diag.TwofoldException;
import dev.twofold.pipeline.Sources;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Layers behind the last one, which predict further tokens: the files of GLM 4.5 have one. */
final class FurtherLayersTest {

    @TempDir
    private Path directory;

    @Test
    void as_many_as_config_json_says_are_left_out() {
        EditedFamily family =
                EditedFamily.copy("glm4_moe", directory.resolve("glm")).with("num_hidden_layers", new IntNode(3));
        assertThat(Sources.SHIPPED.open(family.directory()).decoder().steps()).hasSize(6);
        family.withConfig(family.config().put("num_hidden_layers", 3).put("num_nextn_predict_layers", 0));
        assertThatThrownBy(() -> Sources.SHIPPED.open(family.directory()))
                .isInstanceOf(TwofoldException.class)
                .hasMessageContaining("the model has no place for the tensor")
                .hasMessageContaining("model.layers.3.");
    }
}
