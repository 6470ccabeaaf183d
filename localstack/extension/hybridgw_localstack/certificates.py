"""ACM: who uses a certificate, and that one in use stays.

Source: https://docs.aws.amazon.com/acm/latest/APIReference/API_DeleteCertificate.html,
API_CertificateDetail.html. moto notes the first listener of a certificate, forever.
"""

from localstack.services.apigateway.models import apigateway_stores

from .corrections import Call, corrects, refuse


def users(call: Call, arn: str) -> list[str]:
    balancers = [
        balancer.arn
        for balancer in call.elbv2.load_balancers.values()
        if any(arn in listener.certificates for listener in balancer.listeners.values())
    ]
    domains = [
        domain["domainNameArn"]
        for domain in apigateway_stores[call.account][call.region].domain_names.values()
        if domain.get("regionalCertificateArn") == arn
    ]
    return balancers + domains


@corrects("acm", "DescribeCertificate")
def describe(call: Call) -> dict:
    answer = call.inner()
    answer["Certificate"]["InUseBy"] = users(call, answer["Certificate"]["CertificateArn"])
    return answer


@corrects("acm", "DeleteCertificate")
def delete(call: Call) -> dict:
    arn = call.request["CertificateArn"]
    if users(call, arn):
        raise refuse("ResourceInUseException", f"Certificate {arn} in account {call.account} is in use.")
    return call.inner()
